// One owner of a directory: flock on a file that names the owner.
#include "wal/io/posix_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
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
  if (n < 0) return IoErrorAt(errno, "write", path, 0, text.size());
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

}  // namespace stet::wal
