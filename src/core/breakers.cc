// How a breaker moves.
#include "core/breakers.h"

#include <algorithm>

#include "core/run_limits.h"

namespace stet::core {
namespace {

using schema::AttemptOutcome;
using Stage = schema::BreakerState;

Breaker Opened(const BreakerPolicy& policy, int64_t now) {
  return {.state = Stage::Open, .until = Later(now, absl::ToInt64Nanoseconds(policy.cooldown))};
}

bool CountsAsFailure(AttemptOutcome outcome) {
  return outcome == AttemptOutcome::Failure || outcome == AttemptOutcome::Timeout;
}

Breaker AfterCounted(Breaker breaker, const BreakerPolicy& policy, AttemptOutcome outcome,
                     int64_t now) {
  if (outcome == AttemptOutcome::Success) breaker.failures = 0;
  if (!CountsAsFailure(outcome)) return breaker;
  return ++breaker.failures >= policy.failure_threshold ? Opened(policy, now) : breaker;
}

Breaker AfterProbe(Breaker breaker, const BreakerPolicy& policy, AttemptOutcome outcome,
                   int64_t now) {
  if (CountsAsFailure(outcome)) return Opened(policy, now);
  if (outcome != AttemptOutcome::Success) return breaker;
  return ++breaker.successes >= policy.success_threshold ? Breaker() : breaker;
}

}  // namespace

bool MayStart(const Breaker& breaker, const BreakerPolicy& policy, int64_t now) {
  switch (breaker.state) {
    case Stage::Closed:
      return true;
    case Stage::Open:
      return now >= breaker.until;
    case Stage::HalfOpen:
      return breaker.probes.size() < policy.probes;
  }
  return true;
}

Breaker AfterStart(Breaker breaker, uint64_t attempt) {
  if (breaker.state == Stage::Closed) return breaker;
  if (breaker.state == Stage::Open) breaker = {.state = Stage::HalfOpen};
  breaker.probes.push_back(attempt);
  return breaker;
}

Breaker AfterEnd(Breaker breaker, const BreakerPolicy& policy, uint64_t attempt,
                 AttemptOutcome outcome, int64_t now) {
  if (breaker.state == Stage::Closed) return AfterCounted(std::move(breaker), policy, outcome, now);
  // What started before it opened says nothing new.
  const auto probe = std::find(breaker.probes.begin(), breaker.probes.end(), attempt);
  if (probe == breaker.probes.end()) return breaker;
  breaker.probes.erase(probe);
  return AfterProbe(std::move(breaker), policy, outcome, now);
}

}  // namespace stet::core
