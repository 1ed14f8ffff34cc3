// A disk whose writes complete when the test says so, or fail.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stet/wal/storage.h"

namespace stet::testing {

// Whether completions are seen.  Shared by the storage, its queue and the test.
class Gate {
 public:
  void Shut() { Set(true, false); }
  void Open() { Set(false, false); }
  // Every completion is an I/O error from now on.
  void Fail() { Set(false, true); }

  bool failing();
  // Waits until it is open, for at most `wait_max`, or until woken.
  bool Pass(absl::Duration wait_max);
  void Wake();

 private:
  void Set(bool shut, bool fails);

  std::mutex mutex_;
  std::condition_variable changed_;
  bool shut_ = false;
  bool fail_ = false;
  bool woken_ = false;
};

// The machine's storage, but for its queues.
class GatedStorage final : public wal::Storage {
 public:
  explicit GatedStorage(Gate* gate);

  absl::StatusOr<std::unique_ptr<wal::File>> Open(const std::string& path,
                                                  wal::OpenMode mode) override {
    return inner_->Open(path, mode);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    return inner_->List(directory);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return inner_->Rename(from, to);
  }
  absl::Status Remove(const std::string& path) override { return inner_->Remove(path); }
  absl::Status MakeDirectory(const std::string& path) override {
    return inner_->MakeDirectory(path);
  }
  absl::Status SyncDirectory(const std::string& directory) override {
    return inner_->SyncDirectory(directory);
  }
  absl::StatusOr<std::unique_ptr<wal::Lock>> TakeLock(const std::string& path,
                                                      absl::Duration wait_max) override {
    return inner_->TakeLock(path, wait_max);
  }
  absl::StatusOr<std::unique_ptr<wal::Queue>> NewQueue() override;
  std::string name() const override { return "gated"; }
  std::string note() const override { return {}; }

 private:
  Gate* gate_;
  std::unique_ptr<wal::Storage> inner_;
};

}  // namespace stet::testing
