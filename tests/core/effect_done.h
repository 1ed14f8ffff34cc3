// When an effect is done, as effect.h defines it: what the state alone tells.
#pragma once

#include "core/effect.h"
#include "core/outstanding.h"
#include "core/state.h"

namespace stet::core {

inline bool IsDone(const State& state, const Effect& effect) {
  using Kind = Effect::Kind;
  if (effect.kind == Kind::kExecutionEnded) return true;
  if (effect.kind == Kind::kContinue) return !HasBacklog(state, effect.execution);
  const Execution* execution = state.FindExecution(effect.execution);
  if (execution == nullptr) return true;
  const TaskSlot& slot = execution->tasks[effect.task];
  if (effect.kind == Kind::kRetryTimer) {
    return slot.state != TaskState::kRetrying || slot.due_at != effect.at_ns;
  }
  return slot.state != TaskState::kRunning || slot.token() != effect.token ||
         slot.epoch != state.epoch();
}

}  // namespace stet::core
