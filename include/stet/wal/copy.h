// Copies a log, whole or up to a moment, while it is written or not: the core of backup and restore.
//
//   auto copy = stet::wal::CopyLog({.source = {.directory = dir + "/wal"}, .target = out + "/wal"});
//
// A copy ends where a batch ends, never behind what is durable in the source.  Batches keep their places,
// their seqs and their identities, so that anchors and snapshots hold for it as they did for the source.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/wal/options.h"
#include "stet/wal/recovery.h"

#pragma GCC visibility push(default)

namespace stet::wal {

struct CopyOptions {
  Options source = {};      // `directory` is the log's own
  std::string target = {};  // absent, or an empty directory; its parent exists
  // The copy ends with the last batch that holds no later record ...
  uint64_t last_seq = UINT64_MAX;
  // ... and before the first that was closed later, on the wall clock.
  absl::Time closed_by = absl::InfiniteFuture();
  // Give the copy a log id of its own: it will go on, and nothing of it may ever be taken for a part of
  // the source, nor the other way round.
  bool new_log = false;
  // Finished segments get a second name instead of a copy, where the file system allows.  Nothing is
  // ever written to such a segment, and the source does not use its file again.  Not with `new_log`.
  bool link = true;
  // Of snapshots that the application has verified; needed for a log whose beginning was retired.
  std::vector<Anchor> anchors = {};
};

struct LogCopy {
  std::string log_id = {};  // 32 hex digits
  uint64_t first_seq = 0;
  Anchor end = {};        // behind the last batch
  int64_t closed_ns = 0;  // when that was closed, wall time since the Unix epoch
  // What the source holds behind it, durably; 0, 0: nothing.
  uint64_t dropped_first_seq = 0;
  uint64_t dropped_last_seq = 0;
  int segments_linked = 0;
  int segments_copied = 0;
  uint64_t bytes_copied = 0;
};

// Copies, reads back every batch of the copy, and last of all writes its LOG_ID: without that it never
// opens.  All of it is durable on return.
// Errors: a refusal of the source, as Recover; OutOfRange when nothing of it is left before the moment
// asked for; Aborted when the source gave up its beginning meanwhile, which is worth trying again;
// AlreadyExists; DataLoss when the copy is not what it should be; those of the files.
absl::StatusOr<LogCopy> CopyLog(const CopyOptions& options);

}  // namespace stet::wal

#pragma GCC visibility pop
