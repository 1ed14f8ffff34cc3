// Making, locking and removing the folder.
#include "tools/walbench/scratch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "stet/wal/storage.h"
#include "tools/stet/status_macros.h"

namespace stet::walbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "walbench-";
constexpr const char* kSuffix = ".tmp";
constexpr const char* kLock = "/LOCK";

absl::Status Failed(const std::error_code& error, const std::string& what) {
  return absl::ErrnoToStatus(error.value(), what);
}

// Whether a file of a log lies directly in `directory`; gives its name.
absl::StatusOr<std::string> LogFileIn(const std::string& directory) {
  std::error_code error;
  for (fs::directory_iterator entries(directory, error), end; !error && entries != end;
       entries.increment(error)) {
    const fs::path name = entries->path().filename();
    if (name == "LOG_ID" || name.extension() == ".wal") return name.string();
  }
  if (error) return Failed(error, "list " + directory);
  return std::string();
}

absl::Status RefuseLogs(const std::string& directory) {
  STET_ASSIGN_OR_RETURN(const std::string name, LogFileIn(directory));
  if (!name.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("{} is a log (it holds {}); next: measure in another directory of the same "
                    "file system: walbench {}/..",
                    directory, name, directory));
  }
  // Of an application: to measure beside a log that is being written would disturb both.
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Storage> storage,
                        wal::OpenStorage(wal::Backend::kPosix));
  if (const std::optional<int> holder = storage->LockHolder(directory + "/wal" + kLock)) {
    return absl::AbortedError(
        fmt::format("{}/wal is being written by process {}; next: walbench when it has ended, or "
                    "in another directory of the same file system",
                    directory, *holder));
  }
  return absl::OkStatus();
}

Descriptor TakeLock(const std::string& folder) {
  Descriptor lock(::open((folder + kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.ok() && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return lock;
}

// A folder that nobody has locked belonged to a process that was killed.
void RemoveLeftovers(const std::string& directory) {
  std::error_code error;
  for (fs::directory_iterator entries(directory, error), end; !error && entries != end;
       entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    std::error_code ignored;
    if (const Descriptor lock = TakeLock(entries->path()); lock.ok()) {
      fs::remove_all(entries->path(), ignored);
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Scratch>> Scratch::Make(const std::string& directory,
                                                       uint64_t bytes) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return absl::NotFoundError(directory + " is no directory");
  }
  STET_RETURN_IF_ERROR(RefuseLogs(directory));
  RemoveLeftovers(directory);
  const fs::space_info space = fs::space(directory, error);
  // Some file systems in memory do not know their size.
  if (!error && space.capacity != 0 && space.available < bytes) {
    return absl::ResourceExhaustedError(fmt::format("{} has {} MiB free; {} are needed", directory,
                                                    space.available >> 20, bytes >> 20));
  }
  const std::string path = fmt::format("{}/{}{}{}", directory, kPrefix, ::getpid(), kSuffix);
  if (!fs::create_directory(path, error) && error) return Failed(error, "create " + path);
  Descriptor lock = TakeLock(path);
  if (!lock.ok()) return ErrnoStatus("lock " + path + kLock);
  return std::unique_ptr<Scratch>(new Scratch(path, std::move(lock)));
}

Scratch::Scratch(std::string path, Descriptor lock)
    : path_(std::move(path)), lock_(std::move(lock)) {}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace stet::walbench
