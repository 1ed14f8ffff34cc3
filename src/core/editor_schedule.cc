// Changes of schedules, with their indices and digests.
#include <algorithm>
#include <utility>

#include "core/digest.h"
#include "core/editor.h"
#include "core/schedule_rules.h"

namespace stet::core {

void Editor::AddSchedule(Schedule schedule) {
  const uint64_t seq = schedule.seq;
  state_.schedules_.Add(std::move(schedule));
  EndEdit(*state_.schedules_.Edit(seq));
}

void Editor::RemoveSchedule(uint64_t schedule) {
  state_.digest_ -= state_.schedules_.Find(schedule)->digest;
  state_.schedules_.Remove(schedule);
}

Schedule* Editor::BeginEdit(uint64_t schedule) {
  Schedule* found = state_.schedules_.Edit(schedule);
  if (found != nullptr) state_.schedules_.Unindex(*found);
  return found;
}

void Editor::EndEdit(Schedule& schedule) {
  SetDigest(schedule.digest, DigestOf(schedule));
  state_.schedules_.Index(schedule, HasTurn(state_, schedule));
}

void Editor::TouchSchedule(const Execution& execution) {
  if (execution.schedule == 0) return;
  if (Schedule* schedule = BeginEdit(execution.schedule)) EndEdit(*schedule);
}

void Editor::LeaveSchedule(const Execution& execution) {
  if (execution.schedule == 0) return;
  Schedule* schedule = BeginEdit(execution.schedule);
  if (schedule == nullptr) return;
  std::erase(schedule->running, execution.id);
  EndEdit(*schedule);
}

}  // namespace stet::core
