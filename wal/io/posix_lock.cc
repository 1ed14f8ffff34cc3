// One owner of a directory: flock on a file that names the owner.
#include "wal/io/posix_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/io/io_error.h"
#include "wal/io/unique_fd.h"

namespace stet::wal {
namespace {

constexpr auto kRetryEvery = std::chrono::milliseconds(10);

class PosixLock final : public Lock {
 public:
  explicit PosixLock(UniqueFd fd) : fd_(std::move(fd)) {}

 private:
  const UniqueFd fd_;  // closing it releases the lock
};

// The pid that the holder wrote; empty between its lock and its write.
std::string HolderOf(int fd) {
  char text[32];
  const ssize_t n = ::pread(fd, text, sizeof(text), 0);
  std::string_view pid(text, n > 0 ? static_cast<size_t>(n) : 0);
  return std::string(pid.substr(0, pid.find_first_not_of("0123456789")));
}

absl::Status WritePid(int fd, const std::string& path) {
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0) return IoError(errno, "truncate", path);
  const ssize_t n = ::pwrite(fd, text.data(), text.size(), 0);
  if (n != static_cast<ssize_t>(text.size())) {
    return IoErrorAt(n < 0 ? errno : ENOSPC, "write", path, 0, text.size());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Lock>> TakePosixLock(const std::string& path,
                                                    absl::Duration wait_max) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd.ok()) return IoError(errno, "open lock", path);
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(wait_max);
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return IoError(errno, "lock", path);
    if (std::chrono::steady_clock::now() >= deadline) {
      const std::string holder = HolderOf(fd.get());
      return absl::FailedPreconditionError(fmt::format(
          "lock {}: held by {}", path, holder.empty() ? "another process" : "process " + holder));
    }
    std::this_thread::sleep_for(kRetryEvery);
  }
  RETURN_IF_ERROR(WritePid(fd.get(), path));
  return std::make_unique<PosixLock>(std::move(fd));
}

// The kernel lists all locks; asking with flock would take the lock for a moment.
std::optional<int> PosixLockHolder(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd.ok() || ::fstat(fd.get(), &info) != 0) return std::nullopt;
  const std::string written = HolderOf(fd.get());
  const std::string device = fmt::format("{:02x}:{:02x}:", major(info.st_dev), minor(info.st_dev));
  std::ifstream locks("/proc/locks");
  std::string line;
  while (std::getline(locks, line)) {
    // "1: FLOCK  ADVISORY  WRITE 1234 fe:00:131077 0 EOF"; "1: -> FLOCK ..." only waits for it.
    std::istringstream words(line);
    std::string number, kind, advisory, access, pid, place;
    words >> number >> kind >> advisory >> access >> pid >> place;
    if (kind != "FLOCK" || access != "WRITE") continue;
    if (place.substr(place.rfind(':') + 1) != std::to_string(info.st_ino)) continue;
    // Some file systems show another device here than to stat; then the pid has to agree.
    if (!place.starts_with(device) && pid != written) continue;
    return std::atoi((written.empty() ? pid : written).c_str());
  }
  return std::nullopt;
}

}  // namespace stet::wal
