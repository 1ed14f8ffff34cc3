// A wait that another thread can end.
#pragma once

#include <algorithm>

#include <absl/base/thread_annotations.h>
#include <absl/time/time.h>

#include "base/mutex.h"

namespace stet::engine {

// One thread waits; any thread rings.
class Doorbell {
 public:
  void Ring() {
    MutexLock lock(mutex_);
    rung_ = true;
    ring_.NotifyOne();
  }

  // Returns when it rings, at once if it has rung since the last wait, or after `wait_max`.
  void Wait(absl::Duration wait_max) {
    // Condition variables overflow at the far end of time.
    const absl::Duration wait = std::min(wait_max, absl::Hours(1));
    MutexLock lock(mutex_);
    if (!rung_) ring_.WaitFor(mutex_, absl::ToChronoNanoseconds(wait));
    rung_ = false;
  }

 private:
  Mutex mutex_;
  Condition ring_;
  bool rung_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace stet::engine
