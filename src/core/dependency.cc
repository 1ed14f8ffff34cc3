// Edges, one by one.
#include "core/dependency.h"

#include <algorithm>

#include "core/editor.h"

namespace stet::core {
namespace {

bool SkippedByBranch(const TaskSlot& slot) {
  return slot.state == TaskState::kSkipped && slot.skip == schema::SkipCause::Branch;
}

// What lets any dependent begin.
bool IsSatisfied(const TaskSlot& slot) {
  return slot.state == TaskState::kCompleted || SkippedByBranch(slot);
}

// Whether the end of `parent`, which was good or was not, settles its edge to `child`.
bool Settles(const Definition& definition, uint32_t child, uint32_t parent, bool satisfied) {
  if (definition.is_closing(child)) return definition.is_closing(parent);
  return satisfied || definition.is_spared(child);
}

// Calls `visit` with each child whose edge `task`, which has ended, settles.
template <class Visit>
void ForEachSettled(const Execution& execution, uint32_t task, Visit visit) {
  const Definition& definition = *execution.definition;
  const bool satisfied = IsSatisfied(execution.tasks[task]);
  if (!definition.has_spared()) {
    if (!satisfied) return;
    for (const uint32_t child : definition.children(task)) visit(child);
    return;
  }
  for (const uint32_t child : definition.children(task)) {
    if (Settles(definition, child, task, satisfied)) visit(child);
  }
}

bool OnlyBranchSkipped(const Execution& execution, uint32_t task) {
  const auto parents = execution.definition->parents(task);
  return !parents.empty() && std::all_of(parents.begin(), parents.end(), [&](uint32_t parent) {
    return SkippedByBranch(execution.tasks[parent]);
  });
}

}  // namespace

bool IsSettled(const Execution& execution, uint32_t child, uint32_t parent) {
  const Definition& definition = *execution.definition;
  const TaskSlot& slot = execution.tasks[parent];
  if (definition.is_closing(child)) return !definition.is_closing(parent) || IsTerminal(slot.state);
  return IsSatisfied(slot) || (definition.is_spared(child) && IsTerminal(slot.state));
}

uint32_t CountUnsettled(const Execution& execution, uint32_t task) {
  const auto parents = execution.definition->parents(task);
  return static_cast<uint32_t>(std::count_if(parents.begin(), parents.end(), [&](uint32_t parent) {
    return !IsSettled(execution, task, parent);
  }));
}

void Settle(Execution& execution, uint32_t task) {
  ForEachSettled(execution, task, [&execution](uint32_t child) {
    if (--execution.tasks[child].unfinished == 0) Release(execution, child);
  });
}

void Unsettle(Execution& execution, uint32_t task) {
  ForEachSettled(execution, task,
                 [&execution](uint32_t child) { ++execution.tasks[child].unfinished; });
}

void Release(Execution& execution, uint32_t task) {
  const Definition& definition = *execution.definition;
  const TaskSlot& slot = execution.tasks[task];
  if (slot.state != TaskState::kPending || slot.asleep() || execution.cancelling()) return;
  if (definition.has_spared() && definition.is_closing(task)) {
    const bool its_turn = execution.state == ExecutionState::kFinishing && execution.undo.empty();
    if (its_turn) PushBack(execution, execution.due, task);
    return;
  }
  if (slot.skip == schema::SkipCause::Branch) return;  // listed already
  const bool skip = definition.has_branches() && OnlyBranchSkipped(execution, task);
  PushBack(execution, skip ? execution.untaken : execution.due, task);
}

bool IsSkippable(const Execution& execution, uint32_t task) {
  const TaskSlot& slot = execution.tasks[task];
  if (slot.state != TaskState::kPending || slot.asleep()) return false;
  if (slot.skip == schema::SkipCause::Branch) return false;
  return !execution.definition->has_spared() || !execution.definition->is_spared(task);
}

}  // namespace stet::core
