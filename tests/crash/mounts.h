// Loop devices and file systems of a test's own, which vanish with its process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stet::wal {

enum class FileSystem : uint8_t { kExt4, kXfs };
std::string_view ToString(FileSystem type);

// The smallest disk that holds one.
uint64_t DiskBytes(FileSystem type);

// From here on mounts are seen by this process and its children only, and end with the last of them.
// Call it before there are threads.  An error text, or empty.
std::string EnterOwnMounts();

// A block device on a file.  Goes when it is destroyed and nothing is mounted from it.
class LoopDevice {
 public:
  // `direct`: past the page cache, many requests at a time.
  LoopDevice(const std::string& file, bool direct);
  LoopDevice(const LoopDevice&) = delete;
  LoopDevice& operator=(const LoopDevice&) = delete;
  ~LoopDevice();

  const std::string& path() const { return path_; }

 private:
  int fd_ = -1;
  std::string path_;
};

// Makes a file system on the file or device `path`.
void MakeFileSystem(FileSystem type, const std::string& path);

// A file system on a file, mounted through a loop device.
class MountedDisk {
 public:
  // `direct` as in LoopDevice.
  MountedDisk(FileSystem type, const std::string& file, const std::string& directory, bool direct);
  MountedDisk(const MountedDisk&) = delete;
  MountedDisk& operator=(const MountedDisk&) = delete;
  ~MountedDisk();

  const std::string& directory() const { return directory_; }

  // All that is not on the disk yet is lost, the journal's too, and the file system stops: the ioctl
  // GOINGDOWN without a flush of the log.
  void ShutDown();

 private:
  std::string directory_;
};

// The tmpfs of `bytes` that is mounted on `directory` as long as this lives.
class SmallTmpfs {
 public:
  SmallTmpfs(const std::string& directory, uint64_t bytes);
  SmallTmpfs(const SmallTmpfs&) = delete;
  SmallTmpfs& operator=(const SmallTmpfs&) = delete;
  ~SmallTmpfs();

 private:
  std::string directory_;
};

}  // namespace stet::wal
