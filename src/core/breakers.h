// Circuit breakers as the state holds them, and what becomes of one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/btree_map.h>

#include "schema/event_type.h"
#include "stet/breaker.h"

namespace stet::core {

// What an event says of it.
struct Breaker {
  schema::BreakerState state = schema::BreakerState::Closed;
  uint32_t failures = 0;
  uint32_t successes = 0;
  int64_t until = 0;  // Open: in ns
  std::vector<uint64_t> probes =
      {};  // HalfOpen: seqs of the starts of attempts that run, ascending
  friend bool operator==(const Breaker&, const Breaker&) = default;
};

// By name; one that is closed behind no failure is not there.
using Breakers = absl::btree_map<std::string, Breaker, std::less<>>;

// What the process says of them, by name.  A breaker without a policy keeps nothing from starting.
using BreakerPolicies = std::map<std::string, BreakerPolicy, std::less<>>;

inline constexpr uint32_t kProbesMax = 100;

// Whether an attempt may start at `now`.
bool MayStart(const Breaker& breaker, const BreakerPolicy& policy, int64_t now);

// After an attempt started, by its seq: only a breaker that is not closed takes note.
Breaker AfterStart(Breaker breaker, uint64_t attempt);

// After attempt `attempt` ended.  Losses, interruptions and cancellations say nothing of its activity.
Breaker AfterEnd(Breaker breaker, const BreakerPolicy& policy, uint64_t attempt,
                 schema::AttemptOutcome outcome, int64_t now);

}  // namespace stet::core
