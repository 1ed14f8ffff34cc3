// The machine's files, with plain system calls.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stet/wal/storage.h"

namespace stet::wal {

class PosixStorage : public Storage {
 public:
  // `note` says why this storage was taken rather than another.
  explicit PosixStorage(std::string note = {}) : note_(std::move(note)) {}

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status MakeDirectory(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& directory) override;
  absl::StatusOr<std::unique_ptr<Lock>> TakeLock(const std::string& path,
                                                 absl::Duration wait_max) override;
  std::optional<int> LockHolder(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<Queue>> NewQueue() override;
  FileSystemFacts Describe(const std::string& directory) override;
  std::string name() const override { return "posix"; }
  std::string note() const override { return note_; }

 private:
  const std::string note_;
};

}  // namespace stet::wal
