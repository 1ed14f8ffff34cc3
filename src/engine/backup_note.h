// DIRECTORY/BACKUP: says that a directory is a backup, whether it is finished, and what it must hold.
//
// A text of a few lines, "name value" each:
//
//   stet-backup 1
//   state finished | unfinished
//   log_id 32 hex digits          from here on only if it is finished
//   seq, lsn, batch               the end of its log, as of wal::Anchor
//   check XXH3-64 of all before this line, 16 hex digits
//
// It is written first of all, saying "unfinished", and replaced in the end; BACKUP.tmp alone says the same.  An
// engine opens no directory that has it.
#pragma once

#include <optional>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "stet/wal/recovery.h"
#include "stet/wal/storage.h"

namespace stet::engine {

struct BackupNote {
  bool finished = false;
  std::string log_id = {};
  wal::Anchor end = {};

  bool operator==(const BackupNote&) const = default;
};

// Durable on return: there is the old one or this one, whole.
absl::Status WriteBackupNote(wal::Storage& storage, const std::string& directory,
                             const BackupNote& note);

// Nothing if there is none.  Errors: DataLoss, naming the file; those of the file.
absl::StatusOr<std::optional<BackupNote>> ReadBackupNote(wal::Storage& storage,
                                                         const std::string& directory);

// Durable on return.
absl::Status RemoveBackupNote(wal::Storage& storage, const std::string& directory);

// Whether an engine may open the directory.  Errors: FailedPrecondition for a backup, and for what a
// restore has left unfinished; they say what to do.
absl::Status CheckNoBackup(wal::Storage& storage, const std::string& directory);

}  // namespace stet::engine
