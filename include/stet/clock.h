// Where time comes from.  The engine reads time only through a Clock, so that a test or a
// simulation can own it.
#pragma once

#include <absl/time/time.h>

#pragma GCC visibility push(default)

namespace stet {

// Two readings of time.  Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time (CLOCK_REALTIME).  May jump in either direction.
  virtual absl::Time Wall() = 0;

  // Time since an arbitrary start that never steps back (CLOCK_MONOTONIC).  Delays, timeouts and
  // engine time follow it.
  virtual absl::Duration Monotonic() = 0;
};

// The clock of the operating system.  Lives as long as the process; never null.
Clock* SystemClock();

}  // namespace stet

#pragma GCC visibility pop
