// What the kernel tells about the file system and the device under a directory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stet/wal/disk.h"

namespace stet::wal {

// Where the kernel tells it; a test has folders of its own.
struct KernelFolders {
  std::string proc = "/proc";
  std::string sys = "/sys";
};

// What cannot be told is left empty.
FileSystemFacts DescribeDirectory(const std::string& directory, const KernelFolders& kernel = {});

// One line of /proc/self/mountinfo: the mount of the file system with this device number.
struct Mount {
  std::string device = {};  // "254:0"
  std::string mount_point = {};
  std::string options = {};  // of the mount, then of the file system
  std::string type = {};
  std::string source = {};  // "/dev/vda"
};

// The mount in `mountinfo` that is of `device` and lies deepest above `path`; empty if there is none.
Mount FindMount(std::string_view mountinfo, std::string_view device, std::string_view path);

}  // namespace stet::wal
