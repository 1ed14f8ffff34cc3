// Block devices as sysfs shows them.
#include "tools/walbench/device.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace stet::walbench {

DeviceCounters DeviceCounters::operator-(const DeviceCounters& before) const {
  return {.writes = writes - before.writes,
          .written_bytes = written_bytes - before.written_bytes,
          .flushes = flushes - before.flushes};
}

Device Device::Under(const std::string& path) {
  Device device;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return device;
  std::error_code error;
  const std::filesystem::path link =
      fmt::format("/sys/dev/block/{}:{}", major(status.st_dev), minor(status.st_dev));
  std::filesystem::path found = std::filesystem::canonical(link, error);
  if (error) return device;
  // Flushes are counted of the disk, not of its partitions.
  if (std::filesystem::exists(found / "partition", error)) found = found.parent_path();
  device.name_ = found.filename().string();
  return device;
}

std::optional<DeviceCounters> Device::Read() const {
  if (name_.empty()) return std::nullopt;
  // Documentation/block/stat.rst: the fields for flushes are of 5.5.
  constexpr size_t kWrites = 4, kWrittenSectors = 6, kFlushes = 15;
  std::ifstream file(fmt::format("/sys/block/{}/stat", name_));
  std::array<uint64_t, kFlushes + 1> fields{};
  for (uint64_t& field : fields) file >> field;
  if (!file) return std::nullopt;
  return DeviceCounters{.writes = fields[kWrites],
                        .written_bytes = fields[kWrittenSectors] * 512,
                        .flushes = fields[kFlushes]};
}

std::string Device::QueueAttribute(const std::string& attribute) const {
  std::ifstream file(fmt::format("/sys/block/{}/queue/{}", name_, attribute));
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace stet::walbench
