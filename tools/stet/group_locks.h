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
// `note` (may be null) is told, after a moment and then now and again, which group is waited for.
bool RemoveGroup(const std::string& path, const std::function<bool()>& stop,
                 const std::function<void(std::string_view)>& note = nullptr);

// Marks DIR as this process's for running commands, so that two processes never wait for each other's groups.  Waits for one that
// is about to end; `note` is told whom it waits for.
// Errors: one that ends stet with exit status 5 when another process goes on holding it; Cancelled when `stop` says so; those of opening DIR.
absl::StatusOr<OwnedFd> ClaimDirectory(const std::string& directory,
                                       const std::function<void(std::string_view)>& note,
                                       const std::function<bool()>& stop);

// The same at once; not valid when another process holds it.
absl::StatusOr<OwnedFd> TryClaimDirectory(const std::string& directory);

// The process that holds the lock (flock) of `path`; nothing when none does or it cannot be seen from here.
std::optional<int> LockHolder(const std::string& path);

// Waits until no group of an earlier process is left in DIR/run, and removes what they left there.  Call it with the directory claimed.
// `note` is told, after a moment and then now and again, which groups are waited for.  `stop` is asked several times a second whether to give up.
// Errors: Cancelled when `stop` says so; those of reading the folder.
absl::Status WaitForOldGroups(const std::string& directory,
                              const std::function<void(std::string_view)>& note,
                              const std::function<bool()>& stop);

}  // namespace stet::cli
