// Forgetting executions that have ended: by hand, and by the rules of retention.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/deciders.h"
#include "core/refusal.h"

namespace stet::core {
namespace {

using schema::EventType;
using schema::PurgeCause;

absl::Status CheckNoneLost(const State& state) {
  if (state.lost_cursor().done) return absl::OkStatus();
  return Refuse(absl::StatusCode::kUnavailable, Reason::kWorkPending,
                "attempts of the process before are still being resolved", {{"execution", "0"}});
}

int64_t ForgetAt(int64_t now, int64_t key_retention_ns) {
  return key_retention_ns > INT64_MAX - now ? INT64_MAX : now + key_retention_ns;
}

void Add(std::vector<uint64_t>& executions, int64_t now, int64_t key_retention_ns, PurgeCause cause,
         EventBuffer& out) {
  if (executions.empty()) return;
  std::sort(executions.begin(), executions.end());
  executions.erase(std::unique(executions.begin(), executions.end()), executions.end());
  out.Add(0, EventType::ExecutionsPurged,
          out.pack().ExecutionsPurged({.time = now,
                                       .forget_at = ForgetAt(now, key_retention_ns),
                                       .executions = executions,
                                       .cause = cause}));
}

}  // namespace

absl::Status DecideOn(const State& state, const Purge& command, int64_t now, EventBuffer& out) {
  RETURN_IF_ERROR(CheckNoneLost(state));
  for (const uint64_t id : command.executions) {
    ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, id));
    if (IsTerminal(execution->state)) {
      if (execution->parent.attempt == 0) continue;
      return Refuse(
          absl::StatusCode::kUnavailable, Reason::kWorkPending,
          fmt::format("'{}' has ended, and its parent has not read its result yet", execution->key),
          {{"execution", fmt::format("{:016x}", id)}});
    }
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kNotEnded,
                  fmt::format("'{}' is {}", execution->key, ToString(execution->state)),
                  {{"execution", IdText(id)}, {"state", std::string(ToString(execution->state))}});
  }
  std::vector<uint64_t> executions(command.executions.begin(), command.executions.end());
  Add(executions, now, command.key_retention_ns, PurgeCause::Operator, out);
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const Retain& command, int64_t now, EventBuffer& out) {
  RETURN_IF_ERROR(CheckNoneLost(state));
  const uint64_t count_max = command.count_max.value_or(UINT64_MAX);
  const uint64_t ended = state.ended().size();
  uint64_t too_many = ended > count_max ? ended - count_max : 0;
  std::vector<uint64_t> old;
  std::vector<uint64_t> surplus;
  for (const auto& [finished_at, id] : state.ended()) {
    const bool too_old = command.age_ns_max.has_value() && finished_at <= now - *command.age_ns_max;
    if ((!too_old && too_many == 0) || old.size() + surplus.size() >= out.options().part_tasks) {
      break;
    }
    const Execution& execution = *state.FindExecution(id);
    if (execution.seq > command.seq_max) break;
    if (execution.parent.attempt != 0) continue;  // Its parent has not read its result yet.
    (too_old ? old : surplus).push_back(id);
    if (too_many > 0) --too_many;
  }
  Add(old, now, command.key_retention_ns, PurgeCause::Age, out);
  Add(surplus, now, command.key_retention_ns, PurgeCause::Count, out);
  return absl::OkStatus();
}

}  // namespace stet::core
