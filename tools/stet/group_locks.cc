// Locks of process groups.
#include "tools/stet/group_locks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include <absl/status/status.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

using Clock = std::chrono::steady_clock;  // Not moved by those who set the time.

constexpr absl::Duration kPoll = absl::Milliseconds(20);
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

bool RemoveGroup(const std::string& path, const std::function<bool()>& stop) {
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return true;
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (stop()) return false;
    absl::SleepFor(kPoll);
  }
  unlink(path.c_str());
  return true;
}

std::optional<OwnedFd> ClaimDirectory(const std::string& directory, absl::Duration wait) {
  OwnedFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return fd;  // Absent: nobody runs anything in it.
  const Clock::time_point give_up = Clock::now() + absl::ToChronoNanoseconds(wait);
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (Clock::now() >= give_up) return std::nullopt;
    absl::SleepFor(kPoll);
  }
  return fd;
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
