// From a directory to its books: the newest good snapshot, and the log behind it.
#pragma once

#include <cstddef>
#include <optional>

#include <absl/status/statusor.h>

#include "engine/books.h"
#include "engine/replay_speed.h"
#include "engine/snapshot_store.h"
#include "stet/clock.h"
#include "stet/engine.h"
#include "stet/wal/recovery.h"

namespace stet::engine {

struct RecoveredBooks {
  wal::RecoveredLog log;
  Books books = {};
  // The snapshot that it began with, all of it verified.
  std::optional<SnapshotInfo> snapshot = {};
  LogTail tail = {};  // what was replayed behind it
};

// Takes the lock of the log, and replays it behind the newest snapshot that is whole.  A damaged one
// is passed over as long as the log reaches back far enough.  Fills in what `recovery` says of it.
// `ahead`: so many parts and blocks are read and verified on another thread while others are applied; 0:
// all on this one.
// Errors: those of wal::Recover and ReplayAll; those of reading the folder of snapshots.
absl::StatusOr<RecoveredBooks> RecoverBooks(const wal::Options& log, const SnapshotStore& store,
                                            Clock& clock, EngineRecovery& recovery,
                                            size_t ahead = 0);

}  // namespace stet::engine
