// The lock files of running process groups, DIR/run/*.group: how a new stet knows that those of a killed one are gone.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "tools/stet/files.h"

namespace stet::cli {

// Creates `path` and locks it; `text` says whose it is.  The lock lives as long as any copy of the descriptor.
absl::StatusOr<OwnedFd> LockGroup(const std::string& path, std::string_view text);

// Waits until nobody holds the lock of `path` any more, and removes the file.  `stop` is asked several times a second whether to give up:
// then the file stays, for those who start something beside the group, and the answer is false.
bool RemoveGroup(const std::string& path, const std::function<bool()>& stop);

// Marks DIR as this process's for running commands, if it exists, so that two processes never wait for each other's groups.
// Nothing when another process holds it, even after `wait`.
std::optional<OwnedFd> ClaimDirectory(const std::string& directory, absl::Duration wait);

// Waits until no group of an earlier process is left in DIR/run, and removes what they left there.  Call it with the directory claimed.
// `note` is told, after a moment and then now and again, which groups are waited for.  `stop` is asked several times a second whether to give up.
// Errors: Cancelled when `stop` says so; those of reading the folder.
absl::Status WaitForOldGroups(const std::string& directory,
                              const std::function<void(std::string_view)>& note,
                              const std::function<bool()>& stop);

}  // namespace stet::cli
