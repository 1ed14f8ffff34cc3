// What must hold of an execution that has ended: who was skipped and why, and what was undone.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/dependency.h"
#include "core/execution.h"

namespace stet::core {

inline bool HasFailedParent(const Execution& execution, uint32_t task) {
  const auto parents = execution.definition->parents(task);
  return std::any_of(parents.begin(), parents.end(), [&](uint32_t parent) {
    const TaskSlot& above = execution.tasks[parent];
    return IsFailure(above.state) ||
           (above.state == TaskState::kSkipped && above.skip == schema::SkipCause::Upstream);
  });
}

// A branch passed it by, or all that it depends on.
inline bool IsUntaken(const Execution& execution, uint32_t task) {
  const auto parents = execution.definition->parents(task);
  const bool chosen = std::any_of(parents.begin(), parents.end(), [&](uint32_t parent) {
    return execution.tasks[parent].branch != schema::Branch::None;
  });
  return chosen || std::all_of(parents.begin(), parents.end(), [&](uint32_t parent) {
           return execution.tasks[parent].skip == schema::SkipCause::Branch;
         });
}

// Compensations ran for what had completed, last first, and for nothing else.
inline void CheckUndone(const Execution& execution) {
  const Definition& definition = *execution.definition;
  std::vector<std::pair<int64_t, uint64_t>> undone;
  for (uint32_t task = definition.declared(); task < definition.size(); ++task) {
    const TaskSlot& slot = execution.tasks[task];
    const TaskSlot& owner = execution.tasks[definition.compensated(task)];
    if (slot.attempts == 0) continue;
    CHECK_EQ(owner.state, TaskState::kCompleted);
    CHECK_NE(execution.state, ExecutionState::kCompleted);
    undone.emplace_back(slot.finished_at, owner.order);
  }
  std::sort(undone.begin(), undone.end());
  for (size_t i = 1; i < undone.size(); ++i) {
    if (undone[i - 1].first == undone[i].first) continue;
    CHECK_GT(undone[i - 1].second, undone[i].second);
  }
}

inline void CheckEnd(const Execution& execution) {
  CHECK(IsTerminal(execution.state));
  const bool cancelled = execution.count(TaskState::kCancelled) > 0;
  bool completed = true;
  for (uint32_t task = 0; task < execution.tasks.size(); ++task) {
    const TaskSlot& slot = execution.tasks[task];
    CHECK(IsTerminal(slot.state));
    const bool skipped = slot.state == TaskState::kSkipped;
    const bool left_out = skipped && slot.skip != schema::SkipCause::Upstream;
    completed = completed && (slot.state == TaskState::kCompleted || left_out);
    CHECK_EQ(CountUnsettled(execution, task), slot.unfinished);
    if (execution.definition->is_closing(task)) {
      CHECK((!skipped || slot.skip == schema::SkipCause::Trigger));
      continue;
    }
    const bool upstream_failed = HasFailedParent(execution, task);
    if (skipped && slot.skip == schema::SkipCause::Upstream) CHECK(upstream_failed);
    if (skipped && slot.skip == schema::SkipCause::Branch) CHECK(IsUntaken(execution, task));
    const bool kept = left_out || execution.definition->is_spared(task);
    if (upstream_failed && !cancelled && !kept) CHECK(skipped);
  }
  CHECK_EQ(execution.state == ExecutionState::kCompleted, completed);
  CHECK_EQ(execution.state == ExecutionState::kCancelled, cancelled);
  CheckUndone(execution);
}

}  // namespace stet::core
