// The block device under a file, and what the kernel counts of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace stet::walbench {

// Since boot, of the whole device: other programs count too.
struct DeviceCounters {
  uint64_t writes = 0;  // requests that completed
  uint64_t written_bytes = 0;
  uint64_t flushes = 0;

  DeviceCounters operator-(const DeviceCounters& before) const;
};

class Device {
 public:
  // Of the file system that `path` lies on.  Without a block device (tmpfs, network, some
  // copy-on-write file systems) the name is empty and nothing is counted.
  static Device Under(const std::string& path);

  const std::string& name() const { return name_; }  // "vda"

  // None where the kernel tells nothing.
  std::optional<DeviceCounters> Read() const;

  // A line of /sys/block/<name>/queue/<attribute>, such as "write back"; empty if there is none.
  std::string QueueAttribute(const std::string& attribute) const;

 private:
  std::string name_;
};

}  // namespace stet::walbench
