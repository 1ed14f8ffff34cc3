// A caller's wait for the loop's answer.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "base/mutex.h"
#include "stet/clock.h"

namespace stet::engine {

// Set once, taken once.  Shared by the caller, who may give up, and the loop, which may answer later.
template <typename T>
class Reply {
 public:
  void Set(absl::StatusOr<T> value) {
    MutexLock lock(mutex_);
    if (value_) return;
    value_.emplace(std::move(value));
    set_.NotifyAll();
  }

  bool ready() {
    MutexLock lock(mutex_);
    return value_.has_value();
  }

  // `timeout` is measured by the steady time of `clock`.
  // Errors: those that were set; DeadlineExceeded.
  absl::StatusOr<T> Take(absl::Duration timeout = absl::InfiniteDuration(),
                         Clock* clock = SystemClock()) {
    const absl::Duration end = clock->Monotonic() + timeout;
    MutexLock lock(mutex_);
    while (!value_) {
      const absl::Duration left = end - clock->Monotonic();
      if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("not yet");
      // Condition variables overflow at the far end of time.
      set_.WaitFor(mutex_, absl::ToChronoNanoseconds(std::min(left, absl::Hours(1))));
    }
    return *std::exchange(value_, std::nullopt);
  }

 private:
  Mutex mutex_;
  Condition set_;
  std::optional<absl::StatusOr<T>> value_ ABSL_GUARDED_BY(mutex_);
};

template <typename T>
using ReplyPtr = std::shared_ptr<Reply<T>>;

}  // namespace stet::engine
