// Walks a directory's log event by event, without its lock and without writing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/books.h"
#include "engine/snapshot_store.h"
#include "stet/inspect.h"
#include "stet/wal/inspect.h"
#include "stet/wal/recovery.h"

namespace stet::engine {

// What opening would decide about a log and the snapshots beside it.
struct Examined {
  wal::RecoveryReport log = {};
  std::vector<SnapshotInfo> snapshots =
      {};  // newest first; bytes verified down to the first good one
};
absl::StatusOr<Examined> ExamineLog(const wal::Options& log);

// The snapshots of a log: in the folder beside it.
absl::StatusOr<SnapshotStore> StoreBeside(const wal::Options& log);

// The options of the log in `directory`, which is an engine's or the log's own.
wal::Options LogIn(const std::string& directory, const wal::Options& log);

class Replayer {
 public:
  // Stands before the first event that is to be replayed: behind a snapshot, or at the log's beginning.
  // Errors: those of Replay.
  static absl::StatusOr<Replayer> Open(const ReplayOptions& options);

  // Applies the next event, and checks the digest where its batch ends.  False when all that was asked
  // for is replayed.  Errors: DataLoss, naming event or batch.
  absl::StatusOr<bool> Next();

  // The event that was applied last, and its batch.
  const wal::Record& record() const { return scanner_->span().records[at_ - 1]; }
  const wal::BatchInfo& batch() const { return scanner_->span().batch; }
  // Whether that batch has a digest and ends with it.
  bool stands_at_digest() const;

  const Books& books() const { return books_; }
  const wal::RecoveryReport& log() const { return examined_.log; }
  const std::vector<SnapshotInfo>& snapshots() const { return examined_.snapshots; }
  const std::optional<SnapshotInfo>& base() const { return base_; }
  Books TakeBooks() { return std::move(books_); }
  Examined TakeExamined() { return std::move(examined_); }

 private:
  Replayer(const ReplayOptions& options, wal::Options log, Examined examined)
      : options_(options), log_(std::move(log)), examined_(std::move(examined)) {}
  absl::Status Begin();
  absl::Status LoadBase(const SnapshotStore& store);
  bool NextBatch();
  absl::StatusOr<bool> End();

  ReplayOptions options_;
  wal::Options log_;
  Examined examined_;
  Books books_;
  std::optional<SnapshotInfo> base_;
  std::optional<wal::Scanner> scanner_;
  size_t at_ = 0;        // of the next record in the scanner's span
  size_t in_batch_ = 0;  // records there
  bool done_ = false;
};

}  // namespace stet::engine
