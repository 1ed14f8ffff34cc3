// A queue that does its work in Submit, on the caller's thread.
#pragma once

#include <deque>

#include "base/mutex.h"
#include "stet/wal/storage.h"

namespace stet::wal {

// The files must be PosixFiles.  One operation after the other: what gathers meanwhile makes the
// next batch larger.
class PosixQueue final : public Queue {
 public:
  absl::Status Submit(std::span<const Op> ops) override;
  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) override;
  void Wake() override;
  size_t depth() const override { return 64; }

 private:
  std::deque<Completion> done_;  // the submitting thread's alone

  Mutex mutex_;
  Condition woken_condition_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace stet::wal
