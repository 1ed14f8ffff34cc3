// Mounting, and cleaning up behind.
#include "tests/crash/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "wal/io/unique_fd.h"

namespace stet::wal {
namespace {

// The same for ext4 and XFS, and without a header of their own.
constexpr unsigned long kGoingDown = _IOR('X', 125, uint32_t);
constexpr uint32_t kWithoutFlushOfLog = 2;

void Run(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = -1;
  REQUIRE_EQ(::posix_spawnp(&pid, arguments[0], nullptr, nullptr, arguments.data(), environ), 0);
  int status = 0;
  REQUIRE_EQ(::waitpid(pid, &status, 0), pid);
  REQUIRE_MESSAGE(status == 0, words[0], " ended with ", status);
}

void Unmount(const std::string& directory) {
  for (int attempt = 0; ::umount2(directory.c_str(), 0) != 0; ++attempt) {
    // The kernel may hold files of a killed process for some milliseconds.
    if (errno != EBUSY || attempt == 100) {
      ::umount2(directory.c_str(), MNT_DETACH);
      return;
    }
    ::usleep(10'000);
  }
}

}  // namespace

std::string_view ToString(FileSystem type) { return type == FileSystem::kExt4 ? "ext4" : "xfs"; }

uint64_t DiskBytes(FileSystem type) {
  return type == FileSystem::kExt4 ? uint64_t{96} << 20 : uint64_t{320} << 20;
}

std::string EnterOwnMounts() {
  if (::unshare(CLONE_NEWNS) != 0) return fmt::format("unshare: {}", std::strerror(errno));
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return fmt::format("private mounts: {}", std::strerror(errno));
  }
  return {};
}

LoopDevice::LoopDevice(const std::string& file, bool direct) {
  const UniqueFd backing(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE_MESSAGE(backing.ok(), file, ": ", std::string(std::strerror(errno)));
  const UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  REQUIRE(control.ok());
  loop_config config{};
  config.fd = static_cast<uint32_t>(backing.get());
  // Without users the kernel takes it away by itself, also when this process is killed.
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  if (direct) config.info.lo_flags |= LO_FLAGS_DIRECT_IO;
  // Another process may be faster.
  for (int attempt = 0; attempt < 100; ++attempt) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    REQUIRE_MESSAGE(number >= 0, "no free loop device: ", std::string(std::strerror(errno)));
    path_ = fmt::format("/dev/loop{}", number);
    fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    if (fd_ >= 0 && ::ioctl(fd_, LOOP_CONFIGURE, &config) == 0) return;
    const int error = errno;
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    REQUIRE_MESSAGE((error == EBUSY || error == ENXIO || error == ENOENT), path_, ": ",
                    std::string(std::strerror(error)));
    ::usleep(10'000);
  }
  FAIL("no loop device stays free");
}

LoopDevice::~LoopDevice() {
  if (fd_ >= 0) ::close(fd_);
}

void MakeFileSystem(FileSystem type, const std::string& path) {
  switch (type) {
    case FileSystem::kExt4:
      return Run({"mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "nodiscard,lazy_itable_init=0", "-J",
                  "size=4", path});
    case FileSystem::kXfs:
      return Run({"mkfs.xfs", "-q", "-f", "-K", path});
  }
}

MountedDisk::MountedDisk(FileSystem type, const std::string& file, const std::string& directory,
                         bool direct)
    : directory_(directory) {
  const LoopDevice device(file, direct);
  const std::string name(ToString(type));
  const int mounted =
      ::mount(device.path().c_str(), directory.c_str(), name.c_str(), MS_NOATIME, nullptr);
  REQUIRE_MESSAGE(mounted == 0, name, " on ", directory, ": ", std::string(std::strerror(errno)));
}

MountedDisk::~MountedDisk() { Unmount(directory_); }

void MountedDisk::ShutDown() {
  const UniqueFd fd(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  uint32_t flags = kWithoutFlushOfLog;
  REQUIRE_MESSAGE(::ioctl(fd.get(), kGoingDown, &flags) == 0,
                  "GOINGDOWN: ", std::string(std::strerror(errno)));
}

SmallTmpfs::SmallTmpfs(const std::string& directory, uint64_t bytes) : directory_(directory) {
  const std::string size = fmt::format("size={}", bytes);
  REQUIRE_MESSAGE(::mount("stet-crash", directory.c_str(), "tmpfs", 0, size.c_str()) == 0,
                  "tmpfs: ", std::string(std::strerror(errno)));
}

SmallTmpfs::~SmallTmpfs() { Unmount(directory_); }

}  // namespace stet::wal
