// Locks of process groups.
#include "tools/stet/group_locks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include <absl/status/status.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include "tools/stet/failure.h"
#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

using Clock = std::chrono::steady_clock;  // Not moved by those who set the time.

constexpr absl::Duration kPoll = absl::Milliseconds(20);
constexpr std::chrono::seconds kClaimWait(1);
constexpr std::chrono::milliseconds kClaimNote(200);
constexpr std::chrono::seconds kFirstNote(2);
constexpr std::chrono::seconds kNextNote(30);

bool IsGroupFile(const std::filesystem::path& path) { return path.extension() == ".group"; }

// What an attempt left that died with its stet.
void RemoveOldFiles(const std::string& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  for (const auto end = std::filesystem::directory_iterator(); !error && entries != end;) {
    const std::filesystem::path path = entries->path();
    if (path.extension() == ".files") std::filesystem::remove_all(path, error);
    entries.increment(error);
  }
}

// What the group files in `folder` say that are still locked.  The others are removed.
absl::StatusOr<std::vector<std::string>> LivingGroups(const std::string& folder) {
  std::vector<std::string> living;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error.value() == ENOENT) return living;
  if (error) return FileError(error.value(), "read folder", folder);
  for (const auto end = std::filesystem::directory_iterator(); entries != end;) {
    const std::filesystem::path path = entries->path();
    if (IsGroupFile(path)) {
      const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (fd.valid() && flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        const auto text = ReadFile(path);
        living.push_back(OneLine(text.ok() ? *text : path.string()));
      } else {
        unlink(path.c_str());
      }
    }
    entries.increment(error);
    if (error) return FileError(error.value(), "read folder", folder);
  }
  return living;
}

}  // namespace

absl::StatusOr<OwnedFd> LockGroup(const std::string& path, std::string_view text) {
  STET_RETURN_IF_ERROR(WriteFile(path, text));
  STET_ASSIGN_OR_RETURN(OwnedFd fd, OpenFile(path, O_RDONLY));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return FileError(errno, "lock", path);
  return fd;
}

bool RemoveGroup(const std::string& path, const std::function<bool()>& stop,
                 const std::function<void(std::string_view)>& note) {
  Clock::time_point next_note = Clock::now() + kFirstNote;
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return true;
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (stop()) return false;
    if (note && Clock::now() >= next_note) {
      const auto text = ReadFile(path);
      note(fmt::format("waiting for what is left of a command whose supervisor was killed: {}",
                       OneLine(text.ok() ? *text : path)));
      next_note = Clock::now() + kNextNote;
    }
    absl::SleepFor(kPoll);
  }
  unlink(path.c_str());
  return true;
}

absl::StatusOr<OwnedFd> ClaimDirectory(const std::string& directory,
                                       const std::function<void(std::string_view)>& note,
                                       const std::function<bool()>& stop) {
  STET_ASSIGN_OR_RETURN(OwnedFd fd, OpenFile(directory, O_RDONLY | O_DIRECTORY));
  const Clock::time_point begin = Clock::now();
  bool noted = false;
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return FileError(errno, "lock", directory);
    if (stop()) return absl::CancelledError("interrupted while waiting for the lock");
    const std::optional<int> holder = LockHolder(directory);
    const std::string whom =
        holder.has_value() ? fmt::format("process {}", *holder) : "another process";
    if (Clock::now() - begin >= kClaimWait) {
      return WithExit(absl::FailedPreconditionError(
                          fmt::format("{} is in use by {}", OneLine(directory), whom)),
                      ExitStatus::kLocked, kWhenLocked);
    }
    if (!noted && Clock::now() - begin >= kClaimNote) {
      note(fmt::format("waiting for the lock of {}, held by {}", OneLine(directory), whom));
      noted = true;
    }
    absl::SleepFor(kPoll);
  }
  return fd;
}

absl::StatusOr<OwnedFd> TryClaimDirectory(const std::string& directory) {
  STET_ASSIGN_OR_RETURN(OwnedFd fd, OpenFile(directory, O_RDONLY | O_DIRECTORY));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK || errno == EINTR) return OwnedFd();
  return FileError(errno, "lock", directory);
}

std::optional<int> LockHolder(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  const std::string wanted = fmt::format(":{}", info.st_ino);
  std::ifstream locks("/proc/locks");
  // "1: FLOCK  ADVISORY  WRITE 4711 fe:01:131073 0 EOF"; those that wait have "->" in the second place.
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, file;
    int pid = 0;
    if (!(words >> number >> kind >> mode >> access >> pid >> file)) continue;
    if (kind == "FLOCK" && pid > 0 && file.ends_with(wanted)) return pid;
  }
  return std::nullopt;
}

absl::Status WaitForOldGroups(const std::string& directory,
                              const std::function<void(std::string_view)>& note,
                              const std::function<bool()>& stop) {
  Clock::time_point next_note = Clock::now() + kFirstNote;
  while (true) {
    STET_ASSIGN_OR_RETURN(const std::vector<std::string> living, LivingGroups(directory + "/run"));
    if (living.empty()) {
      RemoveOldFiles(directory + "/run");
      return absl::OkStatus();
    }
    if (stop()) return absl::CancelledError("interrupted while waiting for old commands to end");
    if (Clock::now() >= next_note) {
      note(fmt::format("waiting for commands of an earlier stet to end: {}",
                       fmt::join(living, "; ")));
      next_note = Clock::now() + kNextNote;
    }
    absl::SleepFor(kPoll);
  }
}

}  // namespace stet::cli
