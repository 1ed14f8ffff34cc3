// The report as tables for people.
#include <algorithm>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "tools/walbench/report.h"

namespace stet::walbench {
namespace {

constexpr int kName = 24;
constexpr int kRateWidth = 7;
constexpr int kLatency = 19;

// What the kernel counted, by write.
std::string PerWrite(const Counted& counted, uint64_t writes) {
  const auto each = static_cast<double>(std::max<uint64_t>(writes, 1));
  const std::string flushes =
      counted.device ? fmt::format("{:.2f}", static_cast<double>(counted.device->flushes) / each)
                     : "-";
  const std::string punts =
      counted.punts
          ? fmt::format("{:.0f}/{:.0f}", 1e3 * static_cast<double>(counted.punts->writes) / each,
                        1e3 * static_cast<double>(counted.punts->flushes) / each)
          : "-";
  return fmt::format("{:>9}{:>12}", flushes, punts);
}

void PrintHead(const Report& report) {
  fmt::print("{}: {}; measured for {:.0f} s\n", report.directory, DiskText(report), report.seconds);
  for (const std::string& warning : report.facts.warnings) fmt::print("warning: {}\n", warning);
  for (const std::string& note : report.notes) fmt::print("note: {}\n", note);
  if (report.sequential_megabytes) {
    fmt::print("limit: {:.0f} MB/s of direct writes of 1 MiB, 4 in flight, not flushed\n",
               *report.sequential_megabytes);
  }
  if (report.flush) {
    fmt::print("limit: a flush alone takes {:.0f} us (p99 {:.0f})\n",
               report.flush->latency.QuantileMicros(0.5),
               report.flush->latency.QuantileMicros(0.99));
  }
}

void PrintRow(const Report& report, Interface interface, Method method, uint32_t block) {
  std::string rates;
  const Cell* least = nullptr;
  const Cell* most = nullptr;
  for (const uint32_t depth : report.in_flight) {
    const Cell* cell = report.Find(interface, method, block, depth);
    rates += fmt::format("{:>{}}", cell == nullptr ? "-" : Compact(cell->result.PerSecond()),
                         kRateWidth);
    if (least == nullptr) least = cell;
    if (cell != nullptr) most = cell;
  }
  if (most == nullptr) return;
  fmt::print("{:<{}}{}{:>{}}{:>{}}{}{}\n", NameOf(interface, method), kName, rates,
             Percentiles(least->result.latency), kLatency, Percentiles(most->result.latency),
             kLatency, PerWrite(most->counted, most->result.latency.count()),
             method == Method::kWrite ? "  not durable" : "");
}

// Two lines: what, and of how many in flight.
void PrintBlock(const Report& report, uint32_t block) {
  const int rates = kRateWidth * static_cast<int>(report.in_flight.size());
  fmt::print("\n{:<{}}{:>{}}{:>{}}{:>{}}\n{:<{}}", BlockText(block), kName,
             "writes/s by number in flight", rates, "us p50/p99/p99.9", kLatency,
             "us p50/p99/p99.9", kLatency, "", kName);
  for (const uint32_t depth : report.in_flight) fmt::print("{:>{}}", depth, kRateWidth);
  fmt::print("{:>{}}{:>{}}{:>9}{:>12}\n", fmt::format("{} in flight", report.in_flight.front()),
             kLatency, fmt::format("{} in flight", report.in_flight.back()), kLatency, "flushes",
             "punts/1000");
  for (const Interface interface : {Interface::kUring, Interface::kPosix}) {
    for (const Method method :
         {Method::kDurableWrite, Method::kWritesThenFlush, Method::kLinkedFlush,
          Method::kWriteAndFlush, Method::kBuffered, Method::kWrite}) {
      PrintRow(report, interface, method, block);
    }
  }
}

void PrintMode(const Report& report, wal::Durability mode, uint32_t payload) {
  std::string row;
  const ModeCell* last = nullptr;
  for (const uint32_t producers : report.producers) {
    const ModeCell* cell = report.Find(mode, payload, producers);
    if (cell == nullptr) continue;
    row += fmt::format("{:>{}}{:>{}}", Compact(cell->result.PerSecond()), kRateWidth,
                       Percentiles(cell->result.latency), kLatency);
    last = cell;
  }
  if (last == nullptr) {
    fmt::print("{:<{}} cannot be measured\n", wal::ToString(mode), kName);
    return;
  }
  fmt::print("{:<{}}{}{}\n", wal::ToString(mode), kName, row,
             PerWrite(last->counted, last->batches));
}

void PrintModes(const Report& report) {
  for (const uint32_t payload : report.payload_bytes) {
    fmt::print("\n{:<{}}", "log, appends of " + BlockText(payload), kName);
    for (const uint32_t producers : report.producers) {
      const std::string threads =
          fmt::format("{} thread{}: p50/p99/p99.9", producers, producers == 1 ? "" : "s");
      fmt::print("{:>{}}", threads, kRateWidth + kLatency);
    }
    fmt::print("{:>9}{:>12}\n", "flushes", "punts/1000");
    for (const wal::Durability mode : kModes) PrintMode(report, mode, payload);
  }
  for (const ModeCell& cell : report.modes) {
    if (cell.unavailable.empty()) continue;
    fmt::print("note: {}: {}\n", wal::ToString(cell.mode), cell.unavailable);
    break;
  }
}

}  // namespace

void PrintText(const Report& report) {
  PrintHead(report);
  for (const uint32_t block : report.block_bytes) PrintBlock(report, block);
  PrintModes(report);
  fmt::print(
      "\nflushes (of the device, which counts for all programs) and punts (writes/flushes that "
      "io_uring left to a\nworker thread): per write, of a log per batch, with the most in flight. "
      " "
      "Each thread waits for each append.\n");
  const Recommendation& advice = report.recommendation;
  if (advice.method) {
    fmt::print("\nrecommended operation: {} by {}: {}.\n", ToString(*advice.method),
               ToString(*advice.interface), advice.because_operation);
  } else {
    fmt::print("\nrecommended operation: none: {}.\n", advice.because_operation);
  }
  fmt::print("recommended mode: {}: {}.\n", wal::ToString(advice.mode), advice.because_mode);
  fmt::print("auto takes: {} by {}, {}{}\n", wal::ToString(report.automatic_operation),
             report.automatic_backend, report.automatic_queue.ToString(),
             report.automatic_note.empty() ? "" : " (" + report.automatic_note + ")");
}

}  // namespace stet::walbench
