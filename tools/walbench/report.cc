// Looking up and naming what was measured.
#include "tools/walbench/report.h"

#include <fmt/format.h>

namespace stet::walbench {

const Cell* Report::Find(Interface interface, Method method, uint32_t block, uint32_t depth) const {
  for (const Cell& cell : cells) {
    if (cell.interface == interface && cell.method == method && cell.block_bytes == block &&
        cell.in_flight == depth) {
      return &cell;
    }
  }
  return nullptr;
}

const ModeCell* Report::Find(wal::Durability mode, uint32_t payload, uint32_t threads) const {
  for (const ModeCell& cell : modes) {
    if (cell.mode == mode && cell.payload_bytes == payload && cell.producers == threads &&
        cell.unavailable.empty()) {
      return &cell;
    }
  }
  return nullptr;
}

std::string NameOf(Interface interface, Method method) {
  return fmt::format("{} {}", ToString(interface), ToString(method));
}

std::string Compact(double number) {
  const char* unit = "";
  if (number >= 999.5e3) {
    number /= 1e6;
    unit = "M";
  } else if (number >= 999.5) {
    number /= 1e3;
    unit = "k";
  }
  const int decimals = number < 9.95 ? (*unit == '\0' && number == 0 ? 0 : 1) : 0;
  return fmt::format("{:.{}f}{}", number, decimals, unit);
}

std::string BlockText(uint32_t bytes) {
  return bytes % 1024 == 0 ? fmt::format("{} KiB", bytes >> 10) : fmt::format("{} B", bytes);
}

std::string DiskText(const Report& report) {
  const wal::FileSystemFacts& facts = report.facts;
  return fmt::format("{} on {}{}{}{}, {} CPUs", facts.type.empty() ? "a file system" : facts.type,
                     report.device.empty() ? "no block device" : report.device,
                     report.write_cache.empty() ? "" : ", " + report.write_cache + " cache",
                     report.device.empty() ? "" : (facts.fua ? ", FUA" : ", no FUA"),
                     facts.kernel.empty() ? "" : ", Linux " + facts.kernel, report.cpus);
}

std::string Percentiles(const Histogram& latency) {
  return fmt::format("{:.0f}/{:.0f}/{:.0f}", latency.QuantileMicros(0.5),
                     latency.QuantileMicros(0.99), latency.QuantileMicros(0.999));
}

}  // namespace stet::walbench
