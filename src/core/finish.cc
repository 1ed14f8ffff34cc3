// Outcomes, triggers, and the order of compensations.
#include "core/finish.h"

#include <algorithm>

#include "core/editor.h"
#include "core/lifecycle.h"

namespace stet::core {

using schema::ExecutionOutcome;

ExecutionOutcome OutcomeOf(const std::array<uint32_t, kTaskStateCount>& counts) {
  const auto count = [&counts](TaskState state) { return counts[static_cast<size_t>(state)]; };
  if (count(TaskState::kCancelled) > 0) return ExecutionOutcome::Cancelled;
  // Tasks that were skipped because of a failure have one above them that failed.
  const bool failed = count(TaskState::kFailed) > 0 || count(TaskState::kDeadLettered) > 0;
  return failed ? ExecutionOutcome::Failed : ExecutionOutcome::Completed;
}

ExecutionOutcome FinalOutcome(const Execution& execution,
                              const std::array<uint32_t, kTaskStateCount>& counts) {
  const bool said = execution.state == ExecutionState::kFinishing &&
                    execution.outcome != ExecutionOutcome::Completed;
  return said ? execution.outcome : OutcomeOf(counts);
}

bool WillCompensate(const Execution& execution, ExecutionOutcome outcome) {
  return outcome == ExecutionOutcome::Failed ||
         (outcome == ExecutionOutcome::Cancelled && execution.compensate);
}

bool IsTriggered(const Execution& execution, ExecutionOutcome outcome, uint32_t task) {
  const Definition& definition = *execution.definition;
  if (definition.is_compensation(task)) {
    return WillCompensate(execution, outcome) &&
           execution.tasks[definition.compensated(task)].state == TaskState::kCompleted;
  }
  switch (definition.extra(task)->trigger) {
    case fb::Trigger::None:
      return false;
    case fb::Trigger::Success:
      return outcome == ExecutionOutcome::Completed;
    case fb::Trigger::Failure:
      return outcome == ExecutionOutcome::Failed;
    case fb::Trigger::Cancel:
      return outcome == ExecutionOutcome::Cancelled;
    case fb::Trigger::Exit:
      return true;
  }
  return false;
}

void AdvanceClosing(Execution& execution) {
  const Definition& definition = *execution.definition;
  if (!execution.undo.empty()) {
    PushBack(execution, execution.due, *definition.compensation(execution.undo.back()));
    return;
  }
  for (const uint32_t task : definition.closing_tasks()) {
    const TaskSlot& slot = execution.tasks[task];
    if (slot.state != TaskState::kPending || slot.unfinished > 0) continue;
    PushBack(execution, execution.due, task);
  }
}

void RowUndo(Execution& execution, uint32_t task, uint64_t seq) {
  const Definition& definition = *execution.definition;
  if (!definition.has_spared()) return;
  if (definition.is_compensation(task)) {
    execution.undo.pop_back();
    AdvanceClosing(execution);
  } else if (execution.tasks[task].state == TaskState::kCompleted &&
             definition.compensation(task).has_value()) {
    execution.tasks[task].order = seq;
    execution.undo.push_back(task);
  }
}

void RebuildUndo(Execution& execution) {
  const Definition& definition = *execution.definition;
  execution.undo.clear();
  for (uint32_t task = definition.declared(); task < definition.size(); ++task) {
    const uint32_t undone = definition.compensated(task);
    if (IsTerminal(execution.tasks[task].state)) continue;
    if (execution.tasks[undone].state == TaskState::kCompleted) execution.undo.push_back(undone);
  }
  std::sort(execution.undo.begin(), execution.undo.end(), [&execution](uint32_t a, uint32_t b) {
    return execution.tasks[a].order < execution.tasks[b].order;
  });
}

std::optional<uint32_t> FirstCompensated(const Execution& execution) {
  const Definition& definition = *execution.definition;
  for (uint32_t task = definition.declared(); task < definition.size(); ++task) {
    if (execution.tasks[task].attempts > 0) return definition.compensated(task);
  }
  return std::nullopt;
}

bool IsReopenable(const Execution& execution, uint32_t task) {
  if (execution.definition->is_closing(task)) return IsTerminal(execution.state);
  const TaskSlot& slot = execution.tasks[task];
  const bool untaken = slot.state == TaskState::kSkipped && slot.skip == schema::SkipCause::Branch;
  return CanReopen(slot.state) && !untaken;
}

bool AwaitsEnd(const Execution& execution) {
  const auto closing = static_cast<uint32_t>(execution.definition->closing_tasks().size());
  if (closing == 0 || IsTerminal(execution.state)) return false;
  return execution.open() == (execution.state == ExecutionState::kRunning ? closing : 0);
}

}  // namespace stet::core
