// Misfire and overlap policies.
#include "core/schedule_rules.h"

#include <algorithm>

namespace stet::core {

size_t MissedOf(const Schedule& schedule, std::span<const int64_t> times, int64_t wall) {
  const auto on_time = std::lower_bound(times.begin(), times.end(), wall - kScheduleLateNs);
  const auto late = static_cast<size_t>(on_time - times.begin());
  switch (schedule.misfire) {
    case Misfire::kSkip:
      return late;
    case Misfire::kCoalesce:
      // One that is on time stands for those before it.
      return late == 0 ? 0 : std::min(late, times.size() - 1);
    case Misfire::kCatchUp:
      return late - std::min<size_t>(late, schedule.catch_up_max);
  }
  return 0;
}

const Execution* NextToCancel(const State& state, const Schedule& schedule) {
  for (const uint64_t id : schedule.running) {
    const Execution* execution = state.FindExecution(id);
    if (execution == nullptr || execution->cancel_requested) continue;
    // One that finishes has nothing left to cancel.
    if (execution->state == ExecutionState::kRunning) return execution;
  }
  return nullptr;
}

Turn TurnOf(const State& state, const Schedule& schedule) {
  if (schedule.waiting.empty()) return Turn::kNone;
  if (schedule.running.empty()) return Turn::kStart;
  switch (schedule.overlap) {
    case Overlap::kAllow:
      return Turn::kStart;
    case Overlap::kSkip:
      return Turn::kSkipFirst;
    case Overlap::kQueueOne:
      return schedule.waiting.size() > 1 ? Turn::kSkipSecond : Turn::kNone;
    case Overlap::kCancelPrevious:
      if (schedule.waiting.size() > 1) return Turn::kSkipFirst;
      return NextToCancel(state, schedule) != nullptr ? Turn::kCancel : Turn::kNone;
  }
  return Turn::kNone;
}

}  // namespace stet::core
