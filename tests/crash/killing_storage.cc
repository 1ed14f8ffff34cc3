// Counting calls, and dying.
#include "tests/crash/killing_storage.h"

#include <signal.h>
#include <unistd.h>

#include <utility>

namespace stet::wal {
namespace {

class KillingFile final : public File {
 public:
  KillingFile(KillingStorage* storage, std::unique_ptr<File> inner)
      : storage_(storage), inner_(std::move(inner)) {}

  File* inner() const { return inner_.get(); }

  absl::StatusOr<size_t> Read(uint64_t offset, std::span<std::byte> out) override {
    storage_->Step();
    return inner_->Read(offset, out);
  }
  absl::Status Write(uint64_t offset, Bytes data) override {
    storage_->Step();
    return inner_->Write(offset, data);
  }
  absl::Status Flush() override {
    storage_->Step();
    return inner_->Flush();
  }
  absl::Status Allocate(uint64_t bytes) override {
    storage_->Step();
    return inner_->Allocate(bytes);
  }
  absl::StatusOr<uint64_t> Size() override { return inner_->Size(); }
  const std::string& path() const override { return inner_->path(); }
  uint32_t alignment() const override { return inner_->alignment(); }

 private:
  KillingStorage* storage_;
  std::unique_ptr<File> inner_;
};

class KillingQueue final : public Queue {
 public:
  KillingQueue(KillingStorage* storage, std::unique_ptr<Queue> inner)
      : storage_(storage), inner_(std::move(inner)) {}

  absl::Status Submit(std::span<const Op> ops) override {
    storage_->Step();
    std::vector<Op> passed(ops.begin(), ops.end());
    for (Op& op : passed) op.file = static_cast<KillingFile*>(op.file)->inner();
    return inner_->Submit(passed);
  }
  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) override {
    const absl::StatusOr<size_t> count = inner_->Reap(out, wait_max);
    // A process may die between a write and its acknowledgement.
    if (count.ok() && *count != 0) storage_->Step();
    return count;
  }
  void Wake() override { inner_->Wake(); }
  size_t depth() const override { return inner_->depth(); }

 private:
  KillingStorage* storage_;
  std::unique_ptr<Queue> inner_;
};

}  // namespace

void KillingStorage::Step() {
  const uint64_t call = ++shared_->promises.calls;
  if (call == shared_->plan.kill_at_call) ::kill(::getpid(), SIGKILL);
}

absl::StatusOr<std::unique_ptr<File>> KillingStorage::Open(const std::string& path, OpenMode mode) {
  Step();
  absl::StatusOr<std::unique_ptr<File>> file = inner_->Open(path, mode);
  if (!file.ok()) return file.status();
  return std::make_unique<KillingFile>(this, *std::move(file));
}

absl::StatusOr<std::vector<std::string>> KillingStorage::List(const std::string& directory) {
  Step();
  return inner_->List(directory);
}

absl::Status KillingStorage::Rename(const std::string& from, const std::string& to) {
  Step();
  return inner_->Rename(from, to);
}

absl::Status KillingStorage::Remove(const std::string& path) {
  Step();
  return inner_->Remove(path);
}

absl::Status KillingStorage::MakeDirectory(const std::string& path) {
  Step();
  return inner_->MakeDirectory(path);
}

absl::Status KillingStorage::SyncDirectory(const std::string& directory) {
  Step();
  return inner_->SyncDirectory(directory);
}

absl::StatusOr<std::unique_ptr<Lock>> KillingStorage::TakeLock(const std::string& path,
                                                               absl::Duration wait_max) {
  Step();
  return inner_->TakeLock(path, wait_max);
}

std::optional<int> KillingStorage::LockHolder(const std::string& path) {
  return inner_->LockHolder(path);
}

absl::StatusOr<std::unique_ptr<Queue>> KillingStorage::NewQueue() {
  Step();
  absl::StatusOr<std::unique_ptr<Queue>> queue = inner_->NewQueue();
  if (!queue.ok()) return queue.status();
  return std::make_unique<KillingQueue>(this, *std::move(queue));
}

}  // namespace stet::wal
