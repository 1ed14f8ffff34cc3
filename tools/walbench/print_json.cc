// The report as one JSON object; fields are added, never renamed.
#include <cstdio>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/walbench/report.h"

namespace stet::walbench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

Json Latency(const Histogram& latency) {
  return {{"p50", latency.QuantileMicros(0.5)},
          {"p99", latency.QuantileMicros(0.99)},
          {"p99.9", latency.QuantileMicros(0.999)},
          {"max", latency.QuantileMicros(1)}};
}

// By `writes`; null where the kernel counts nothing.
void PutCounted(const Counted& counted, uint64_t writes, Json* json) {
  const double each = writes == 0 ? 0 : 1 / static_cast<double>(writes);
  (*json)["device_flushes"] = counted.device ? Json(counted.device->flushes) : Json(nullptr);
  (*json)["device_flushes_per_write"] =
      counted.device ? Json(static_cast<double>(counted.device->flushes) * each) : Json(nullptr);
  (*json)["device_written_bytes"] =
      counted.device ? Json(counted.device->written_bytes) : Json(nullptr);
  (*json)["punted_writes_per_1000"] =
      counted.punts ? Json(static_cast<double>(counted.punts->writes) * each * 1e3) : Json(nullptr);
  (*json)["punted_flushes_per_1000"] =
      counted.punts ? Json(static_cast<double>(counted.punts->flushes) * each * 1e3)
                    : Json(nullptr);
}

Json CellJson(const Cell& cell) {
  const double rate = cell.result.PerSecond();
  Json json = {{"interface", ToString(cell.interface)},
               {"operation", ToString(cell.method)},
               {"durable", cell.method != Method::kWrite},
               {"block_bytes", cell.block_bytes},
               {"in_flight", cell.in_flight},
               {"count", cell.result.latency.count()},
               {"per_second", rate},
               {"megabytes_per_second", rate * cell.block_bytes / 1e6},
               {"latency_us", Latency(cell.result.latency)}};
  PutCounted(cell.counted, cell.result.latency.count(), &json);
  return json;
}

Json ModeJson(const ModeCell& cell) {
  Json json = {{"mode", wal::ToString(cell.mode)},
               {"payload_bytes", cell.payload_bytes},
               {"producers", cell.producers}};
  if (!cell.unavailable.empty()) {
    json["unavailable"] = cell.unavailable;
    return json;
  }
  json["operation"] = wal::ToString(cell.operation);
  json["count"] = cell.result.latency.count();
  json["per_second"] = cell.result.PerSecond();
  json["latency_us"] = Latency(cell.result.latency);
  json["batches"] = cell.batches;
  PutCounted(cell.counted, cell.batches, &json);
  return json;
}

Json FactsJson(const Report& report) {
  const wal::FileSystemFacts& facts = report.facts;
  return {{"file_system", facts.type},
          {"mount_point", facts.mount_point},
          {"mount_options", facts.mount_options},
          {"device", report.device},
          {"write_cache", report.write_cache},
          {"volatile_cache", facts.volatile_cache},
          {"fua", facts.fua},
          {"direct_io", facts.direct_io},
          {"in_memory", facts.in_memory},
          {"copy_on_write", facts.copy_on_write},
          {"block_bytes", facts.block_bytes},
          {"physical_block_bytes", facts.physical_block_bytes},
          {"kernel", facts.kernel},
          {"cpus", report.cpus},
          {"load_average", report.load_average},
          {"warnings", facts.warnings}};
}

Json RecommendationJson(const Recommendation& advice) {
  const auto name = [](const auto& value) {
    return value ? Json(ToString(*value)) : Json(nullptr);
  };
  return {{"interface", name(advice.interface)},
          {"operation", name(advice.method)},
          {"because_operation", advice.because_operation},
          {"mode", wal::ToString(advice.mode)},
          {"because_mode", advice.because_mode}};
}

}  // namespace

void PrintJson(const Report& report) {
  Json json = {{"walbench", kVersion},
               {"directory", report.directory},
               {"seconds", report.seconds},
               {"facts", FactsJson(report)},
               {"notes", report.notes}};
  json["limits"] = {
      {"sequential_megabytes_per_second",
       report.sequential_megabytes ? Json(*report.sequential_megabytes) : Json(nullptr)},
      {"flush_us", report.flush ? Latency(report.flush->latency) : Json(nullptr)}};
  json["operations"] = Json::array();
  for (const Cell& cell : report.cells) json["operations"].push_back(CellJson(cell));
  json["modes"] = Json::array();
  for (const ModeCell& cell : report.modes) json["modes"].push_back(ModeJson(cell));
  json["auto"] = {{"backend", report.automatic_backend},
                  {"operation", wal::ToString(report.automatic_operation)},
                  {"note", report.automatic_note},
                  {"queue",
                   {{"setup", report.automatic_queue.setup},
                    {"refused", report.automatic_queue.refused},
                    {"registered_files", report.automatic_queue.registered_files},
                    {"registered_buffers", report.automatic_queue.registered_buffers}}}};
  json["recommendation"] = RecommendationJson(report.recommendation);
  fmt::print("{}\n", json.dump(1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace stet::walbench
