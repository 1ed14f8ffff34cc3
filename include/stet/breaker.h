// Circuit breakers: what has failed too often in a row is left alone for a while.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>

#pragma GCC visibility push(default)

namespace stet {

// One breaker guards the tasks that name it (Task::breaker), and those of the activity of its name that
// name none.
//
//   closed     runs start; `failure_threshold` failures or timeouts in a row open it
//   open       no run starts for `cooldown`; they wait, and use up no attempt
//   half_open  at most `probes` runs at a time; `success_threshold` successes close it, a failure opens it
struct BreakerPolicy {
  uint32_t failure_threshold = 5;               // >= 1
  absl::Duration cooldown = absl::Seconds(30);  // > 0
  uint32_t probes = 1;                          // >= 1, <= 100
  uint32_t success_threshold = 1;               // >= 1
  friend bool operator==(const BreakerPolicy&, const BreakerPolicy&) = default;
};

enum class BreakerState : uint8_t { kClosed, kOpen, kHalfOpen };
// Wire names: snake_case ("half_open").
std::string_view ToString(BreakerState state);

// A breaker that is not closed, or closed behind failures.
struct BreakerInfo {
  std::string name = {};
  BreakerState state = BreakerState::kClosed;
  uint32_t failures = 0;                           // in a row, while closed
  uint32_t successes = 0;                          // of probes, while half open
  uint32_t probes = 0;                             // that run, while half open
  std::optional<absl::Time> until = std::nullopt;  // while open, on the engine's clock
};

}  // namespace stet

#pragma GCC visibility pop
