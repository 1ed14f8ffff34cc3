// A storage that kills its process before the n-th call: every place where a process can die.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "stet/wal/storage.h"
#include "tests/crash/shared_plan.h"

namespace stet::wal {

class KillingStorage final : public Storage {
 public:
  // Both must stay.  Counts the calls in `shared`.
  KillingStorage(Storage* inner, SharedPlan* shared) : inner_(inner), shared_(shared) {}

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status MakeDirectory(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& directory) override;
  absl::StatusOr<std::unique_ptr<Lock>> TakeLock(const std::string& path,
                                                 absl::Duration wait_max) override;
  std::optional<int> LockHolder(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<Queue>> NewQueue() override;
  std::string name() const override { return inner_->name(); }
  std::string note() const override { return inner_->note(); }

  void Step();

 private:
  Storage* inner_;
  SharedPlan* shared_;
};

}  // namespace stet::wal
