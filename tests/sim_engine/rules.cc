// The rules of ARCHITECTURE, as plainly as they can be said.
#include "tests/sim_engine/rules.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace stet::sim {
namespace {

using schema::Branch;
using schema::SkipCause;

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool SkippedBy(const core::TaskSlot& slot, SkipCause cause) {
  return slot.state == TaskState::kSkipped && slot.skip == cause;
}

bool RunsAnyway(const core::TaskExtra* extra) {
  return extra != nullptr && extra->on_upstream_failure == fb::UpstreamFailure::Run;
}

// Of one that ended so, if nothing that closes it has failed.
bool IsTriggered(const core::Execution& execution, uint32_t task) {
  const core::Definition& definition = *execution.definition;
  const bool failed = execution.state == ExecutionState::kFailed;
  const bool cancelled = execution.state == ExecutionState::kCancelled;
  if (definition.is_compensation(task)) {
    const core::TaskSlot& undone = execution.tasks[definition.compensated(task)];
    return undone.state == TaskState::kCompleted && (failed || (cancelled && execution.compensate));
  }
  switch (definition.extra(task)->trigger) {
    case fb::Trigger::None:
      return false;
    case fb::Trigger::Success:
      return execution.state == ExecutionState::kCompleted;
    case fb::Trigger::Failure:
      return failed;
    case fb::Trigger::Cancel:
      return cancelled;
    case fb::Trigger::Exit:
      return true;
  }
  return false;
}

bool CleanupFailed(const core::Execution& execution) {
  const auto closing = execution.definition->closing_tasks();
  return std::any_of(closing.begin(), closing.end(), [&execution](uint32_t task) {
    return IsFailure(execution.tasks[task].state);
  });
}

// Whether a parent that chooses has passed the task by.
bool PassedBy(const core::Execution& execution, uint32_t task) {
  const core::Definition& definition = *execution.definition;
  for (const uint32_t parent : definition.parents(task)) {
    const Branch branch = execution.tasks[parent].branch;
    if (branch == Branch::None) continue;
    const core::TaskExtra& extra = *definition.extra(parent);
    const auto& others = branch == Branch::Then ? extra.else_tasks : extra.then_tasks;
    if (Contains(others, definition.task_name(task))) return true;
  }
  return false;
}

Upstream UpstreamOfClosing(const core::Execution& execution, uint32_t task) {
  // A cleanup that fails turns a success into a failure: what was triggered is not seen any more.
  if (CleanupFailed(execution)) return {.allows = true, .untriggered = true};
  const bool triggered = IsTriggered(execution, task);
  return {.allows = triggered, .untriggered = !triggered};
}

std::string WhyNotClosing(const core::Execution& execution, uint32_t task,
                          const Completions& completed) {
  const core::Definition& definition = *execution.definition;
  if (execution.state != ExecutionState::kFinishing) return "the execution does not finish";
  for (uint32_t other = 0; other < execution.tasks.size(); ++other) {
    const TaskState state = execution.tasks[other].state;
    const std::string_view name = definition.task_name(other);
    if (!definition.is_closing(other) && !IsTerminal(state))
      return fmt::format("{} has not ended", name);
    if (!definition.is_compensation(other) || other == task || IsTerminal(state)) continue;
    if (!definition.is_compensation(task)) return fmt::format("{} comes before it", name);
    const auto seq = [&](uint32_t compensation) {
      const auto at = completed.find({execution.id, definition.compensated(compensation)});
      return at == completed.end() ? 0 : at->second;
    };
    if (seq(other) > seq(task)) return fmt::format("{} comes before it", name);
  }
  for (const uint32_t parent : definition.parents(task)) {
    if (definition.is_closing(parent) && !IsTerminal(execution.tasks[parent].state)) {
      return fmt::format("{} has not ended", definition.task_name(parent));
    }
  }
  return "";
}

}  // namespace

std::string WhyNot(const core::Execution& execution, uint32_t task, const Completions& completed) {
  const core::Definition& definition = *execution.definition;
  if (definition.is_closing(task)) return WhyNotClosing(execution, task, completed);
  if (execution.state != ExecutionState::kRunning) return "the execution finishes";
  const bool anyway = RunsAnyway(definition.extra(task));
  for (const uint32_t parent : definition.parents(task)) {
    const core::TaskSlot& slot = execution.tasks[parent];
    if (slot.state == TaskState::kCompleted || SkippedBy(slot, SkipCause::Branch)) continue;
    if (anyway && IsTerminal(slot.state)) continue;
    // A retry may begin what stands above such a task anew while it waits to start.
    if (anyway && slot.generation > 1) continue;
    return fmt::format("{} is {}", definition.task_name(parent), ToString(slot.state));
  }
  return PassedBy(execution, task) ? "it stands in a branch that was not taken" : "";
}

bool Upstream::Skips(SkipCause cause) const {
  switch (cause) {
    case SkipCause::Upstream:
      return forbids;
    case SkipCause::Branch:
      return untaken;
    case SkipCause::Trigger:
      return untriggered;
  }
  return false;
}

Upstream UpstreamOf(const core::Execution& execution, uint32_t task) {
  const core::Definition& definition = *execution.definition;
  if (definition.is_closing(task)) return UpstreamOfClosing(execution, task);
  const auto parents = definition.parents(task);
  Upstream upstream = {.allows = true};
  bool all_untaken = !parents.empty();
  for (const uint32_t parent : parents) {
    const core::TaskSlot& slot = execution.tasks[parent];
    const bool untaken = SkippedBy(slot, SkipCause::Branch);
    all_untaken = all_untaken && untaken;
    if (slot.state == TaskState::kCompleted || untaken) continue;
    if (RunsAnyway(definition.extra(task))) continue;
    upstream.allows = false;
    upstream.forbids = true;
  }
  upstream.untaken = all_untaken || PassedBy(execution, task);
  // One that runs all the same may have run before a retry chose.
  if (upstream.untaken && !RunsAnyway(definition.extra(task))) upstream.allows = false;
  return upstream;
}

std::string WrongEnd(const core::Execution& execution) {
  bool completed = true;
  for (const core::TaskSlot& slot : execution.tasks) {
    const bool left_out = SkippedBy(slot, SkipCause::Branch) || SkippedBy(slot, SkipCause::Trigger);
    completed = completed && (slot.state == TaskState::kCompleted || left_out);
  }
  if ((execution.state == ExecutionState::kCompleted) == completed) return "";
  return completed ? "its tasks completed" : "its tasks did not complete";
}

}  // namespace stet::sim
