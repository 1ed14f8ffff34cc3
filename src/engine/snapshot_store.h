// The snapshots of a directory: DIRECTORY/snapshots/<seq, 16 hex digits>.snapshot, whole or not there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/snapshot_books.h"
#include "stet/snapshot.h"
#include "stet/wal/options.h"
#include "stet/wal/storage.h"

namespace stet::engine {

// One thread at a time writes; others may read meanwhile.
class SnapshotStore {
 public:
  // `directory` is the engine's.  Uses `log.storage`, else the machine's.
  static absl::StatusOr<SnapshotStore> Open(std::string_view directory, const wal::Options& log);

  // All of them, the newest first, each with what its header says.  Errors: the folder cannot be read.
  absl::StatusOr<std::vector<SnapshotInfo>> List() const;

  // Errors: those of ReadBooks.
  absl::StatusOr<Books> Read(const SnapshotInfo& snapshot, const Pace& pace,
                             size_t ahead = 0) const {
    return ReadBooks(*storage_, snapshot.file, pace, ahead);
  }

  // Whether every byte of it is as it was written: OK, or as Read.
  absl::Status Verify(const SnapshotInfo& snapshot) const;

  // Writes the books, which are those behind `anchor`: under another name, made durable and read back
  // before they get theirs.  Errors: those of WriteBooks; then nothing is left of it.
  absl::StatusOr<SnapshotInfo> Write(const Books& books, const wal::Anchor& anchor,
                                     const Pace& pace);

  // Removes all but `newer` and `older`, which have been verified.
  absl::Status Prune(const SnapshotInfo& newer, const SnapshotInfo& older);

  // Its path.
  const std::string& folder() const { return folder_; }

 private:
  SnapshotStore(std::unique_ptr<wal::Storage> own, wal::Storage* storage, std::string folder);
  absl::Status MakeFolder();
  SnapshotInfo Look(const std::string& name, uint64_t seq) const;

  std::unique_ptr<wal::Storage> own_;
  wal::Storage* storage_;
  std::string folder_;
};

}  // namespace stet::engine
