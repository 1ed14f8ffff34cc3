// The queue of timers.
#include "engine/timers.h"

namespace stet::engine {

std::optional<Timer> Timers::TakeDue(absl::Time now) {
  if (timers_.empty() || timers_.begin()->at > now) return std::nullopt;
  const Timer timer = *timers_.begin();
  timers_.erase(timers_.begin());
  return timer;
}

absl::Time Timers::next() const {
  return timers_.empty() ? absl::InfiniteFuture() : timers_.begin()->at;
}

}  // namespace stet::engine
