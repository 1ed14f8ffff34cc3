// The queue of timers.
#include "engine/timers.h"

namespace stet::engine {

const core::Effect* Timers::Due(absl::Time now) const {
  return next() <= now ? &*timers_.begin() : nullptr;
}

absl::Time Timers::next() const {
  return timers_.empty() ? absl::InfiniteFuture() : absl::FromUnixNanos(timers_.begin()->at_ns);
}

}  // namespace stet::engine
