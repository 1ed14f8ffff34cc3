// A queue whose operations are plain system calls, made by a thread of its own.
#pragma once

#include <deque>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "stet/wal/storage.h"

namespace stet::wal {

// The files must be PosixFiles.  One operation after the other: what gathers meanwhile makes the next batch larger.
class PosixQueue final : public Queue {
 public:
  // Errors: ResourceExhausted when no thread can be had.
  static absl::StatusOr<std::unique_ptr<Queue>> Create();
  ~PosixQueue() override;

  absl::Status Submit(std::span<const Op> ops) override;
  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) override;
  void Wake() override;
  size_t depth() const override { return 64; }

 private:
  PosixQueue() = default;

  void ThreadMain();

  Mutex mutex_;
  Condition work_;  // something is submitted, or it is time to end
  Condition done_;  // something is completed, or somebody woke the queue
  std::deque<Op> submitted_ ABSL_GUARDED_BY(mutex_);
  std::deque<Completion> completed_ ABSL_GUARDED_BY(mutex_);
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace stet::wal
