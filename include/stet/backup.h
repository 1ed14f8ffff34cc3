// Copies of a directory at a moment: made while it is in use or not, and made into a directory again.
//
//   auto made = stet::Backup({.directory = "orders", .backup = "/mnt/backups/orders-1121"});
//   auto back = stet::Restore({.backup = "/mnt/backups/orders-1121", .directory = "orders.restored"});
//
// A backup is a directory that can be looked at (Replay, walinspect) and never opened by an Engine: it stays
// what it is.  Restore makes a directory of it that goes on, as a log with an identity of its own.
#pragma once

#include <cstdint>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/wal/options.h"

#pragma GCC visibility push(default)

namespace stet {

struct BackupOptions {
  std::string directory = {};  // of an engine, whether a process has it or not
  std::string backup = {};     // must not exist; its parent does
  // Finished segments and snapshots get a second name instead of a copy where the file system allows:
  // they are never written again, and take no room.  But a fault of the disk meets both names.
  bool link = true;
  wal::Options log = {};  // `storage` of it counts
};

// What a backup, or a restored directory, holds.
struct BackupReport {
  uint64_t seq = 0;         // the last event
  absl::Time time = {};     // when it was written, by the wall clock
  uint64_t digest = 0;      // of the state behind it, as replayed from what was written
  uint64_t first_seq = 0;   // the first event that can be looked at
  std::string log_id = {};  // 32 hex digits
  uint32_t snapshots = 0;   // how many came along
  uint32_t files_linked = 0;
  uint32_t files_copied = 0;
  uint64_t bytes_copied = 0;
  // Restore: durable events of the backup behind the moment asked for; 0, 0: none.
  uint64_t dropped_first_seq = 0;
  uint64_t dropped_last_seq = 0;
};

// Makes a backup of all that is durable now: the log, back to where it begins, and the whole snapshots.
// What the engine does meanwhile is not held up.  Every byte of it is read back, and the state replayed,
// before it counts; then it is durable, with its name.  A crash leaves a whole backup or one that says
// that it is not.
// Errors: NotFound (no log there); AlreadyExists (nothing is overwritten); DataLoss when the log is damaged
// or does not replay; those of the files.  What was made is removed then.
absl::StatusOr<BackupReport> Backup(const BackupOptions& options);

struct RestoreOptions {
  std::string backup = {};     // or the directory of an engine, which is left as it is
  std::string directory = {};  // must not exist; its parent does
  // The last event that it may hold, and the last time at which it may have been written: groups are taken
  // whole, so the directory ends with the last batch that fits.
  uint64_t at_seq = UINT64_MAX;
  absl::Time at_time = absl::InfiniteFuture();
  wal::Options log = {};  // `storage` of it counts
};

// Makes a directory that an engine can open, as the backed-up one was at that moment.  Attempts that were in
// flight then count as lost, and are made again; so is everything that was done later: activities find the
// same idempotency keys.  Run one of the two directories, not both.
// Errors: NotFound; AlreadyExists; OutOfRange when the backup does not reach back to the moment;
// FailedPrecondition for a backup that was not finished; DataLoss; those of the files.  What was made is
// removed then.
absl::StatusOr<BackupReport> Restore(const RestoreOptions& options);

}  // namespace stet

#pragma GCC visibility pop
