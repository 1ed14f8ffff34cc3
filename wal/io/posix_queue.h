// A queue whose operations are plain system calls, made by threads of its own.
#pragma once

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "stet/wal/storage.h"

namespace stet::wal {

// The files must be PosixFiles.  As many threads as operations were in flight at once, up to a few:
// who keeps one batch on its way has one thread.
class PosixQueue final : public Queue {
 public:
  // Errors: ResourceExhausted when no thread can be had.
  static absl::StatusOr<std::unique_ptr<Queue>> Create();
  ~PosixQueue() override;

  absl::Status Submit(std::span<const Op> ops) override;
  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) override;
  void Wake() override;
  size_t depth() const override { return 64; }
  QueueStats stats() const override;

 private:
  PosixQueue() = default;

  void ThreadMain();
  absl::Status AddThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count(const Op& op) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  Condition work_;  // something is submitted, or it is time to end
  Condition done_;  // something is completed, or somebody woke the queue
  std::deque<Op> submitted_ ABSL_GUARDED_BY(mutex_);
  std::deque<Completion> completed_ ABSL_GUARDED_BY(mutex_);
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;  // submitted or under way
  QueueStats stats_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;  // changed by the owner alone
};

}  // namespace stet::wal
