// The machine's storage, with a disk that fails or is full when a test says so.  For any number of
// threads.
#pragma once

#include <errno.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "stet/wal/storage.h"

namespace stet::wal {

class FailingStorage final : public Storage {
 public:
  std::atomic<bool> writes_fail = false;   // those of queues, with EIO
  std::atomic<bool> full = false;          // no file can be made
  std::atomic<bool> flushes_wait = false;  // those of queues, until somebody else calls them
  std::function<void(const std::string&)> on_lock = nullptr;  // before a lock is taken; its path

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    if (mode == OpenMode::kCreate && full.load()) {
      return absl::ResourceExhaustedError("create " + path + ": no space");
    }
    return real_->Open(path, mode);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    return real_->List(directory);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return real_->Rename(from, to);
  }
  absl::Status Remove(const std::string& path) override { return real_->Remove(path); }
  absl::Status MakeDirectory(const std::string& path) override {
    return real_->MakeDirectory(path);
  }
  absl::Status SyncDirectory(const std::string& directory) override {
    return real_->SyncDirectory(directory);
  }
  absl::StatusOr<std::unique_ptr<Lock>> TakeLock(const std::string& path,
                                                 absl::Duration wait_max) override {
    if (on_lock) on_lock(path);
    return real_->TakeLock(path, wait_max);
  }
  absl::StatusOr<std::unique_ptr<Queue>> NewQueue() override {
    ASSIGN_OR_RETURN(std::unique_ptr<Queue> queue, real_->NewQueue());
    return std::make_unique<FailingQueue>(this, std::move(queue));
  }
  std::string name() const override { return real_->name(); }
  std::string note() const override { return real_->note(); }

 private:
  class FailingQueue final : public Queue {
   public:
    FailingQueue(FailingStorage* storage, std::unique_ptr<Queue> real)
        : storage_(*storage), real_(std::move(real)) {}

    absl::Status Submit(std::span<const Op> ops) override {
      for (const Op& op : ops) {
        if (op.kind == Op::Kind::kFlush && storage_.flushes_wait.load()) {
          held_.push_back(op);
        } else {
          RETURN_IF_ERROR(real_->Submit({&op, 1}));
        }
      }
      return absl::OkStatus();
    }
    absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) override {
      if (!storage_.flushes_wait.load() && !held_.empty()) {
        RETURN_IF_ERROR(real_->Submit(std::exchange(held_, {})));
      }
      ASSIGN_OR_RETURN(const size_t count, real_->Reap(out, wait_max));
      if (storage_.writes_fail.load()) {
        for (Completion& completion : out.first(count)) completion.result = -EIO;
      }
      return count;
    }
    void Wake() override { real_->Wake(); }
    size_t depth() const override { return real_->depth(); }

   private:
    FailingStorage& storage_;
    const std::unique_ptr<Queue> real_;
    std::vector<Op> held_;
  };

  const std::unique_ptr<Storage> real_ = *OpenStorage(Backend::kAuto);
};

}  // namespace stet::wal
