// What circuit breakers keep from starting, and what moves them.
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/breakers.h"
#include "core/deciders.h"
#include "core/refusal.h"

namespace stet::core {
namespace {

using schema::EventType;

// The breaker of a task, if the process has a policy for it.
struct Guard {
  std::string_view name = {};
  const BreakerPolicy& policy;
  Breaker breaker = {};
};

std::optional<Guard> GuardOf(const State& state, const Execution& execution, uint32_t task,
                             const BreakerPolicies& policies) {
  if (policies.empty()) return std::nullopt;
  const std::string_view name = BreakerName(state, GateOf(execution, task));
  const auto policy = policies.find(name);
  if (policy == policies.end()) return std::nullopt;
  const auto at = state.breakers().find(name);
  return Guard{.name = name,
               .policy = policy->second,
               .breaker = at == state.breakers().end() ? Breaker() : at->second};
}

void Move(std::string_view name, const Breaker& to, uint64_t cause, int64_t now, EventBuffer& out) {
  out.Add(0, EventType::BreakerMoved,
          out.pack().BreakerMoved({.time = now,
                                   .cause = cause,
                                   .name = name,
                                   .state = to.state,
                                   .failures = to.failures,
                                   .successes = to.successes,
                                   .until = to.until,
                                   .probes = to.probes}));
}

}  // namespace

absl::Status CheckBreaker(const State& state, const Execution& execution, uint32_t task,
                          int64_t now, const EventBuffer& out) {
  const std::optional<Guard> guard = GuardOf(state, execution, task, out.options().breakers);
  if (!guard || MayStart(guard->breaker, guard->policy, now)) return absl::OkStatus();
  return Refuse(
      absl::StatusCode::kUnavailable, Reason::kBreakerOpen,
      fmt::format("breaker '{}' is {}", guard->name, schema::ToString(guard->breaker.state)),
      {{"breaker", std::string(guard->name)}, {"until", std::to_string(guard->breaker.until)}});
}

void TellBreakerOfStart(const State& state, const Execution& execution, uint32_t task,
                        uint64_t attempt, int64_t now, EventBuffer& out) {
  const std::optional<Guard> guard = GuardOf(state, execution, task, out.options().breakers);
  if (!guard) return;
  const Breaker after = AfterStart(guard->breaker, attempt);
  if (after != guard->breaker) Move(guard->name, after, attempt, now, out);
}

void TellBreakerOfEnd(const State& state, const Execution& execution, uint32_t task,
                      schema::AttemptOutcome outcome, int64_t now, EventBuffer& out) {
  const std::optional<Guard> guard = GuardOf(state, execution, task, out.options().breakers);
  if (!guard) return;
  const uint64_t attempt = execution.tasks[task].order;
  const Breaker after = AfterEnd(guard->breaker, guard->policy, attempt, outcome, now);
  if (after != guard->breaker) Move(guard->name, after, out.next_seq() - 1, now, out);
}

absl::Status DecideOn(const State& state, const ResetBreaker& command, int64_t now,
                      EventBuffer& out) {
  if (!state.breakers().contains(command.name)) {
    return Refuse(absl::StatusCode::kNotFound, Reason::kUnknownBreaker,
                  fmt::format("no breaker '{}' has counted a failure", command.name),
                  {{"breaker", std::string(command.name)}});
  }
  Move(command.name, Breaker(), 0, now, out);
  return absl::OkStatus();
}

}  // namespace stet::core
