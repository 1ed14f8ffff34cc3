// See effect_done.h.
#include "tests/core/effect_done.h"

#include "core/outstanding.h"
#include "core/run_limits.h"
#include "core/waits.h"

namespace stet::core {

bool IsDone(const State& state, const Effect& effect) {
  using Kind = Effect::Kind;
  if (effect.kind == Kind::kExecutionEnded || effect.kind == Kind::kWaitEnded) return true;
  if (effect.kind == Kind::kContinue) return !HasBacklog(state, effect.execution);
  const Execution* execution = state.FindExecution(effect.execution);
  if (execution == nullptr) return true;
  if (effect.kind == Kind::kStartTimer) return execution->start_at != effect.at_ns;
  if (effect.kind == Kind::kCancelChild) return !execution->to_cancel;
  const TaskSlot& slot = execution->tasks[effect.task];
  if (effect.kind == Kind::kRunTimer) {
    const int64_t at_ns = LimitOfReady(*execution, effect.task).at_ns;
    return slot.state != TaskState::kReady || at_ns != effect.at_ns;
  }
  if (effect.kind == Kind::kRetryTimer) {
    return !slot.asleep() || slot.due_at != effect.at_ns;
  }
  const bool over = slot.state != TaskState::kRunning || slot.token() != effect.token;
  if (effect.kind == Kind::kWaitTimer) return over;
  const RunLease* lease = execution->notes.LeaseOf(effect.task);
  if (effect.kind == Kind::kLeaseTimer) {
    return over || lease == nullptr || lease->until != effect.at_ns;
  }
  if (lease != nullptr) return over;
  if (effect.kind == Kind::kStartChild || effect.kind == Kind::kReadChild) {
    if (over) return true;
    if (WaitOf(*execution->definition, effect.task) == Wait::kMap) {
      return effect.kind == Kind::kStartChild ? !MayStartItem(*execution, effect.task)
                                              : !HasAllItems(*execution, effect.task);
    }
    const Execution* child = ChildOf(state, *execution, effect.task);
    if (effect.kind == Kind::kStartChild) return child != nullptr;
    return child == nullptr || !IsTerminal(child->state);
  }
  return over || slot.epoch != state.epoch();
}

}  // namespace stet::core
