// One owner of a directory: flock on a file that names the owner.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "stet/wal/storage.h"

namespace stet::wal {

// As Storage::TakeLock.
absl::StatusOr<std::unique_ptr<Lock>> TakePosixLock(const std::string& path,
                                                    absl::Duration wait_max);

// As Storage::LockHolder.
std::optional<int> PosixLockHolder(const std::string& path);

}  // namespace stet::wal
