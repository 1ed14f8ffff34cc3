// Engine time: the time that events carry and timers follow.
//
// It starts at max(last logged, wall) and never steps back.  It advances with the monotonic clock
// and slews towards wall time by at most a tenth, so that a delay is never wrong by more than that.
// A step of the wall clock by more than a minute is noted and left out: delays and timeouts do not
// follow a clock that someone has set.
#pragma once

#include <functional>
#include <string_view>

#include <absl/time/time.h>

#include "stet/clock.h"

namespace stet::engine {

// Not thread-safe: the loop owns it.
class EngineTime {
 public:
  using Note = std::function<void(std::string_view)>;

  // `clock` is kept.  `last_logged` is the newest time in the log, InfinitePast if none.
  EngineTime(Clock* clock, absl::Time last_logged, Note note);

  // Reads the clocks and advances.
  absl::Time Now();

  // The value of the last Now().
  absl::Time last() const { return now_; }
  absl::Time wall() const { return wall_; }
  absl::Duration monotonic() const { return monotonic_; }

  // The wall time at which engine time will be `time`, if nobody sets the clock.
  absl::Time ToWall(absl::Time time) const { return time + (wall_ - now_); }

 private:
  Clock* clock_;
  Note note_;
  absl::Duration monotonic_;
  absl::Time wall_;
  absl::Time now_;
  absl::Duration stepped_ = absl::ZeroDuration();  // sum of the steps that are left out
};

}  // namespace stet::engine
