// The snapshots beside a log, as far as a repair needs them.
#pragma once

#include <string>
#include <vector>

#include <absl/status/status.h>

#include "stet/wal/recovery.h"

namespace stet::walinspect {

// The place in the log of the newest snapshot that is whole: with it open begins.  Empty if there is
// none, or their folder cannot be read.
std::vector<wal::Anchor> AnchorsOf(const std::string& directory);

// Copies the whole snapshots of `directory` to TARGET/snapshots, durably: a log whose beginning was
// given up does not open without them.  Does nothing if there is none.  Errors: I/O.
absl::Status CopySnapshots(const std::string& directory, const std::string& target);

}  // namespace stet::walinspect
