// What is known of a snapshot: the whole state of a directory at one event, in a file.
#pragma once

#include <cstdint>
#include <string>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "stet/wal/recovery.h"

#pragma GCC visibility push(default)

namespace stet {

// A file of DIRECTORY/snapshots.
struct SnapshotInfo {
  std::string file = {};  // its path
  uint64_t bytes = 0;
  // OK if it can be used as far as was looked: its header, or all of it.  Else DataLoss or
  // Unimplemented (made by a newer build), saying what is wrong; then only `file` and `bytes` count.
  absl::Status status = absl::OkStatus();
  wal::Anchor anchor = {};  // the event behind which the state is, and its batch
  uint64_t digest = 0;      // of the state, as in the header of that batch
  absl::Time created = {};  // by the wall clock
};

}  // namespace stet

#pragma GCC visibility pop
