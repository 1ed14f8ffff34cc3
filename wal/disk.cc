// A disk's facts and costs, as text.
#include "stet/wal/disk.h"

#include <initializer_list>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace stet::wal {

std::string FileSystemFacts::ToString() const {
  std::string text = fmt::format("{}: {} on {}", directory, type.empty() ? "unknown" : type,
                                 device.empty() ? "no block device" : device);
  if (!mount_point.empty()) text += fmt::format(", mounted at {} ({})", mount_point, mount_options);
  text += fmt::format("\nblocks: {} of the file system, {} and {} of the device", block_bytes,
                      logical_block_bytes, physical_block_bytes);
  const std::initializer_list<std::pair<bool, std::string_view>> traits = {
      {direct_io, "direct I/O"},
      {volatile_cache, "volatile write cache"},
      {fua, "FUA"},
      {copy_on_write, "copy on write"},
      {stacked, "on another file system"},
      {network, "over a network"},
      {in_memory, "in memory"}};
  std::string list;
  for (const auto& [present, name] : traits) {
    if (present) list += (list.empty() ? "" : ", ") + std::string(name);
  }
  if (!list.empty()) text += "\n" + list;
  for (const std::string& warning : warnings) text += "\nwarning: " + warning;
  return text;
}

std::string QueueStats::ToString() const {
  std::string text = setup;
  if (registered_files) text += ", registered files";
  if (registered_buffers > 0) text += fmt::format(", {} registered buffers", registered_buffers);
  return text;
}

std::string ProbeResult::ToString() const {
  std::string text(stet::wal::ToString(operation));
  if (!note.empty()) return text + ": " + note;
  for (const OperationCost& cost : costs) {
    text += fmt::format("{}{} x{} p50 {:.0f} us p99 {:.0f} us {:.0f}/s",
                        &cost == costs.data() ? ": " : ", ",
                        std::string(stet::wal::ToString(cost.operation)), cost.in_flight,
                        cost.p50_us, cost.p99_us, cost.per_second);
  }
  return cached ? text + " (measured earlier)" : text;
}

}  // namespace stet::wal
