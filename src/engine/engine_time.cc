// Advances engine time.
#include "engine/engine_time.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"

namespace stet::engine {
namespace {

constexpr absl::Duration kStep = absl::Minutes(1);
constexpr int kSlewDivisor = 10;

}  // namespace

EngineTime::EngineTime(Clock* clock, absl::Time last_logged, Note note)
    : clock_(clock),
      note_(std::move(note)),
      monotonic_(clock->Monotonic()),
      wall_(clock->Wall()),
      now_(std::max(last_logged, wall_)) {}

absl::Time EngineTime::Now() {
  const absl::Duration monotonic = clock_->Monotonic();
  const absl::Time wall = clock_->Wall();
  // A suspended machine stops the monotonic clock: that, too, arrives here as a step.
  const absl::Duration passed = std::max(monotonic - monotonic_, absl::ZeroDuration());
  const absl::Duration step = (wall - wall_) - passed;
  monotonic_ = monotonic;
  wall_ = wall;
  if (step > kStep || step < -kStep) {
    stepped_ += step;
    if (note_) note_(fmt::format("the wall clock stepped by {}; delays do not follow it", step));
  }
  const absl::Duration slew_max = passed / kSlewDivisor;
  const absl::Duration behind = (wall - stepped_) - (now_ + passed);
  now_ += passed + std::clamp(behind, -slew_max, slew_max);
  return now_;
}

}  // namespace stet::engine
