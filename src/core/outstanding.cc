// What a state still asks for.
#include "core/outstanding.h"

#include "core/finish.h"
#include "core/run_limits.h"
#include "core/run_policy.h"
#include "core/waits.h"

namespace stet::core {
namespace {

using Kind = Effect::Kind;

void AddWait(const State& state, const Execution& execution, uint32_t task, Effect effect,
             Effects& out) {
  const TaskSlot& slot = execution.tasks[task];
  effect.token = slot.token();
  if (WaitOf(*execution.definition, task) == Wait::kChild) {
    const Execution* child = ChildOf(state, execution, task);
    effect.kind = child == nullptr ? Kind::kStartChild : Kind::kReadChild;
    if (child == nullptr || IsTerminal(child->state)) out.push_back(effect);
  }
  if (WaitOf(*execution.definition, task) == Wait::kMap) {
    effect.kind = Kind::kStartChild;
    if (MayStartItem(execution, task)) out.push_back(effect);
    effect.kind = Kind::kReadChild;
    if (HasAllItems(execution, task)) out.push_back(effect);
  }
  if (slot.due_at == 0) return;
  effect.kind = Kind::kWaitTimer;
  effect.at_ns = slot.due_at;
  out.push_back(effect);
}

// A worker elsewhere runs it: the engine keeps its times, of whatever epoch it is.
void AddLease(const RunLease& lease, const TaskSlot& slot, Effect effect, Effects& out) {
  effect.token = slot.token();
  effect.kind = Kind::kLeaseTimer;
  effect.at_ns = lease.until;
  out.push_back(effect);
  if (slot.due_at == 0) return;
  effect.kind = Kind::kAttemptTimer;
  effect.at_ns = slot.due_at;
  out.push_back(effect);
}

void AddTask(const State& state, const Execution& execution, uint32_t task, Effects& out) {
  const TaskSlot& slot = execution.tasks[task];
  Effect effect = {.task = task, .execution = execution.id};
  if (slot.asleep()) {
    effect.kind = Kind::kRetryTimer;
    effect.at_ns = slot.due_at;
    out.push_back(effect);
  }
  if (slot.waits) return AddWait(state, execution, task, effect, out);
  if (slot.state == TaskState::kReady) {
    effect.kind = Kind::kRunTimer;
    effect.at_ns = LimitOfReady(execution, task).at_ns;
    if (effect.at_ns != 0) out.push_back(effect);
  }
  if (const RunLease* lease = execution.notes.LeaseOf(task)) {
    return AddLease(*lease, slot, effect, out);
  }
  // An attempt of a dead epoch has nobody to run or stop it: it is resolved by Continue{0}.
  if (slot.state != TaskState::kRunning || slot.epoch != state.epoch()) return;
  effect.token = slot.token();
  effect.kind = Kind::kDispatchAttempt;
  out.push_back(effect);
  if (execution.cancelling()) {
    effect.kind = Kind::kStopAttempt;
    out.push_back(effect);
  }
  if (slot.due_at != 0) {
    effect.kind = Kind::kAttemptTimer;
    effect.at_ns = slot.due_at;
    out.push_back(effect);
  }
}

}  // namespace

Effects Outstanding(const State& state) {
  Effects effects;
  if (HasBacklog(state, 0)) effects.push_back({.kind = Kind::kContinue, .execution = 0});
  for (const auto& execution : state.executions()) {
    if (IsTerminal(execution->state)) continue;
    if (HasBacklog(*execution)) {
      effects.push_back({.kind = Kind::kContinue, .execution = execution->id});
    }
    if (execution->to_cancel) {
      effects.push_back({.kind = Kind::kCancelChild, .execution = execution->id});
    }
    if (execution->start_at != 0) {
      effects.push_back(
          {.kind = Kind::kStartTimer, .execution = execution->id, .at_ns = execution->start_at});
    }
    const bool limited = HasLimitsOfReady(*execution->definition);
    uint32_t left = execution->count(TaskState::kRunning) + execution->count(TaskState::kRetrying);
    if (limited) left += execution->count(TaskState::kReady);
    const bool repeats = HasRepeats(*execution->definition);
    if (repeats) left += execution->count(TaskState::kPending);
    for (uint32_t task = 0; left > 0; ++task) {
      const TaskState task_state = execution->tasks[task].state;
      const bool asks = task_state == TaskState::kRunning || task_state == TaskState::kRetrying ||
                        (limited && task_state == TaskState::kReady) ||
                        (repeats && task_state == TaskState::kPending);
      if (!asks) continue;
      --left;
      AddTask(state, *execution, task, effects);
    }
  }
  return effects;
}

bool HasBacklog(const Execution& execution) {
  if (IsTerminal(execution.state)) return false;
  if (execution.cancelling()) {
    return execution.cancel_next < execution.tasks.size() || AwaitsEnd(execution);
  }
  if (execution.start_at != 0) return false;
  return !execution.due.empty() || !execution.failed.empty() || !execution.untaken.empty() ||
         AwaitsEnd(execution);
}

bool HasBacklog(const State& state, uint64_t execution) {
  if (execution == 0) return !state.lost_cursor().done;
  const Execution* found = state.FindExecution(execution);
  return found != nullptr && HasBacklog(*found);
}

}  // namespace stet::core
