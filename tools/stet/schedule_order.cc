// Orders about schedules, and schedules as JSON.
#include "tools/stet/schedule_order.h"

#include <optional>
#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/time_text.h"
#include "tools/stet/workflow_file.h"

namespace stet::cli {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
void Read(const Json& json, const char* key, T& value) {
  const auto at = json.find(key);
  if (at == json.end()) return;
  if constexpr (std::is_same_v<T, std::string>) {
    if (at->is_string()) value = at->get<std::string>();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (at->is_boolean()) value = at->get<bool>();
  } else {
    if (at->is_number_unsigned() && at->get<uint64_t>() <= UINT32_MAX) value = at->get<T>();
  }
}

Json TimesJson(const std::vector<absl::Time>& times) {
  Json list = Json::array();
  for (const absl::Time time : times) list.push_back(TimeJson(time));
  return list;
}

}  // namespace

Json ScheduleOrderJson(const ScheduleOrder& order) {
  return {{"name", order.name},
          {"file", order.file},
          {"text", order.text},
          {"format", order.format},
          {"max_attempts", order.max_attempts},
          {"cron", order.cron},
          {"zone", order.zone},
          {"every", order.every},
          {"misfire", order.misfire},
          {"catch_up_max", order.catch_up_max},
          {"overlap", order.overlap},
          {"input", order.input},
          {"paused", order.paused},
          {"from", order.from},
          {"to", order.to}};
}

ScheduleOrder ScheduleOrderFrom(const Json& json) {
  ScheduleOrder order;
  if (!json.is_object()) return order;
  Read(json, "name", order.name);
  Read(json, "file", order.file);
  Read(json, "text", order.text);
  Read(json, "format", order.format);
  Read(json, "max_attempts", order.max_attempts);
  Read(json, "cron", order.cron);
  Read(json, "zone", order.zone);
  Read(json, "every", order.every);
  Read(json, "misfire", order.misfire);
  Read(json, "catch_up_max", order.catch_up_max);
  Read(json, "overlap", order.overlap);
  Read(json, "input", order.input);
  Read(json, "paused", order.paused);
  Read(json, "from", order.from);
  Read(json, "to", order.to);
  return order;
}

absl::StatusOr<ScheduleSpec> SpecOf(const ScheduleOrder& order) {
  const std::optional<Misfire> misfire = MisfireFrom(order.misfire);
  if (!misfire.has_value()) {
    return absl::InvalidArgumentError(
        fmt::format("--misfire must be skip, coalesce or catch_up, is {}", Quote(order.misfire)));
  }
  const std::optional<Overlap> overlap = OverlapFrom(order.overlap);
  if (!overlap.has_value()) {
    return absl::InvalidArgumentError(
        fmt::format("--overlap must be skip, queue_one, cancel_previous or allow, is {}",
                    Quote(order.overlap)));
  }
  ScheduleSpec spec = {.name = order.name,
                       .input = Payload(order.input),
                       .cron = order.cron,
                       .zone = order.zone,
                       .misfire = *misfire,
                       .catch_up_max = order.catch_up_max,
                       .overlap = *overlap,
                       .paused = order.paused};
  if (!order.every.empty() && !absl::ParseDuration(order.every, &spec.every)) {
    return absl::InvalidArgumentError(
        fmt::format("--every must be a duration such as 90s or 12h, is {}", Quote(order.every)));
  }
  FileOptions options = {.max_attempts = order.max_attempts};
  options.format = FileFormatFrom(order.format).value_or(FileFormat::kAuto);
  STET_ASSIGN_OR_RETURN(spec.definition, ParseWorkflow(order.text, order.file, options));
  return spec;
}

absl::StatusOr<absl::Time> TimeFrom(const std::string& text) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  return absl::InvalidArgumentError(
      fmt::format("a time is written as 2026-11-21T03:00:00Z, not {}", Quote(text)));
}

Json ScheduleJson(const ScheduleReport& report) {
  Json json = {{"schedule", report.name},
               {"workflow", report.workflow},
               {"definition", ToString(report.workflow_hash)}};
  json["cron"] = nullptr;
  json["every"] = nullptr;
  json["zone"] = nullptr;
  if (report.cron.empty()) {
    json["every"] = absl::FormatDuration(report.every);
  } else {
    json["cron"] = report.cron;
    json["zone"] = report.zone;
  }
  json["misfire"] = ToString(report.misfire);
  json["catch_up_max"] = report.catch_up_max;
  json["overlap"] = ToString(report.overlap);
  json["paused"] = report.paused;
  json["started"] = report.started;
  json["skipped"] = report.skipped;
  json["last"] = TimeJson(report.last.value_or(absl::InfinitePast()));
  json["next"] = TimesJson(report.next);
  json["waiting"] = TimesJson(report.waiting);
  json["running"] = report.running;
  json["why"] = report.text;
  return json;
}

}  // namespace stet::cli
