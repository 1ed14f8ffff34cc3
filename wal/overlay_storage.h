// A log as it would be: another storage's files, with changes that exist in memory only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "stet/wal/storage.h"

namespace stet::wal {

// Reading sees the changes; everything that writes is refused.  Files that are open see changes that
// are made later.  Not thread-safe.
class OverlayStorage final : public Storage {
 public:
  explicit OverlayStorage(Storage* base) : base_(*base) {}

  // The bytes from `offset` on are these.
  void Patch(const std::string& path, uint64_t offset, Bytes bytes);
  // All bytes from `offset` on are zero, up to the file's end; what was patched there is forgotten.
  void ZeroFrom(const std::string& path, uint64_t offset);
  // The file has this length; what it lacks is zero.
  void Resize(const std::string& path, uint64_t bytes);
  // The file is not there.
  void Hide(const std::string& path);
  // A file of zeros, to be patched; the name may be one that is hidden.
  void Add(const std::string& path, uint64_t bytes);

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status MakeDirectory(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& directory) override;
  absl::StatusOr<std::unique_ptr<Lock>> TakeLock(const std::string& path,
                                                 absl::Duration wait_max) override;
  std::optional<int> LockHolder(const std::string& path) override {
    return hidden_.contains(path) ? std::nullopt : base_.LockHolder(path);
  }
  absl::StatusOr<std::unique_ptr<Queue>> NewQueue() override;
  std::string name() const override { return base_.name(); }
  std::string note() const override { return base_.note(); }

 private:
  struct Changes {
    std::map<uint64_t, std::vector<std::byte>> patches = {};  // by offset; later ones are on top
    std::vector<uint64_t> order = {};                         // offsets, as they were patched
    std::optional<uint64_t> zero_from = {};
    std::optional<uint64_t> bytes = {};
  };
  class OverlayFile;

  Storage& base_;
  std::map<std::string, Changes> changes_;
  std::set<std::string> hidden_;
  std::set<std::string> added_;
};

}  // namespace stet::wal
