// Events that move sets of tasks: ready, skipped, cancelled, dead-lettered, woken.
#include <fmt/format.h>

#include "core/appliers.h"
#include "core/dependency.h"
#include "core/run_policy.h"

namespace stet::core {
namespace {

absl::Status NotNext(uint32_t task) {
  return Contradiction(fmt::format("task {} is not the next one", task));
}

// What is left must be what the event says is left.
absl::Status CheckMore(bool said, bool is) {
  if (said == is) return absl::OkStatus();
  return Contradiction(said ? "more was announced, nothing is left" : "a part is left out");
}

void EmitMore(bool more, const Execution& execution, Editor& editor) {
  if (more) editor.Emit({.kind = Effect::Kind::kContinue, .execution = execution.id});
}

// Tasks of branches that were not taken, and those that depend on such alone.
absl::Status SkipUntaken(const fb::TasksSkipped& event, Execution& execution, Editor& editor) {
  for (const uint32_t task : *event.tasks()) {
    if (execution.untaken.head != task || execution.untaken.empty()) return NotNext(task);
    PopFront(execution, execution.untaken);
    editor.Move(execution, task, TaskState::kSkipped, RunState::kCanceled, event.time());
    execution.tasks[task].skip = schema::SkipCause::Branch;
    editor.TouchTask(execution, task);
    Settle(execution, task);
  }
  editor.Touch(execution);
  editor.EmitBacklog(execution);
  return absl::OkStatus();
}

// Seals the fate of a task in the branch that was not taken, unless another has done so.
void MarkUntaken(uint32_t task, Execution& execution, Editor& editor) {
  TaskSlot& slot = execution.tasks[task];
  const bool waits = slot.state == TaskState::kPending;
  const bool sealed = slot.skip == schema::SkipCause::Branch;
  if (sealed || !(waits || slot.state == TaskState::kCancelled)) return;
  slot.skip = schema::SkipCause::Branch;
  editor.TouchTask(execution, task);
  if (waits && !execution.cancelling()) PushBack(execution, execution.untaken, task);
}

}  // namespace

absl::Status ApplyEvent(const fb::BranchChosen& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  const Definition& definition = *execution->definition;
  const uint32_t task = event.task();
  if (task >= execution->tasks.size() || execution->tasks[task].state != TaskState::kRunning) {
    return Contradiction(fmt::format("task {} does not run", task));
  }
  TaskSlot& slot = execution->tasks[task];
  const TaskExtra* extra = definition.extra(task);
  if (KindOf(extra) != TaskKind::kConditional || slot.branch != schema::Branch::None) {
    return Contradiction(fmt::format("task {} has nothing to choose", task));
  }
  slot.branch = event.branch();
  editor.TouchTask(*execution, task);
  const bool then = event.branch() == schema::Branch::Then;
  for (const std::string& name : then ? extra->else_tasks : extra->then_tasks) {
    if (const auto untaken = definition.Find(name)) MarkUntaken(*untaken, *execution, editor);
  }
  AdvanceFailed(*execution);  // It may have stood before one of them.
  editor.Touch(*execution);
  editor.EmitBacklog(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::TasksReady& event, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->start_at != 0) return Contradiction("it has not begun");
  const Definition& definition = *execution->definition;
  const bool timed = definition.has_cron();
  for (const uint32_t task : *event.tasks()) {
    if (execution->due.head != task || execution->due.empty()) return NotNext(task);
    if (timed && RunsByCron(definition, task)) {
      return Contradiction(fmt::format("task {} waits for a time of its calendar", task));
    }
    PopFront(*execution, execution->due);
    editor.MoveToReady(*execution, task, event.time());
  }
  editor.Touch(*execution);
  EmitMore(event.more(), *execution, editor);
  return CheckMore(event.more(), !execution->due.empty());
}

absl::Status ApplyEvent(const fb::RunScheduled& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->start_at != 0) return Contradiction("it has not begun");
  const uint32_t task = event.task();
  if (execution->due.head != task || execution->due.empty()) return NotNext(task);
  if (!RunsByCron(*execution->definition, task)) {
    return Contradiction(fmt::format("task {} runs without a calendar", task));
  }
  PopFront(*execution, execution->due);
  TaskSlot& slot = execution->tasks[task];
  slot.due_at = event.at();
  slot.updated_at = event.time();
  editor.TouchTask(*execution, task);
  editor.Touch(*execution);
  editor.Emit({.kind = Effect::Kind::kRetryTimer,
               .task = task,
               .execution = execution->id,
               .at_ns = event.at()});
  editor.EmitBacklog(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::TasksSkipped& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (event.skip() == schema::SkipCause::Branch) return SkipUntaken(event, *execution, editor);
  for (const uint32_t task : *event.tasks()) {
    if (execution->failed.empty()) return NotNext(task);
    const auto children = execution->definition->children(execution->failed.head);
    if (children[execution->failed_edge] != task) return NotNext(task);
    editor.Move(*execution, task, TaskState::kSkipped, RunState::kCanceled, event.time());
    editor.TouchTask(*execution, task);
    PushBack(*execution, execution->failed, task);
    AdvanceFailed(*execution);
    Settle(*execution, task);
  }
  editor.Touch(*execution);
  editor.EmitBacklog(*execution);
  return CheckMore(event.more(), !execution->failed.empty());
}

absl::Status ApplyEvent(const fb::TasksCancelled& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (!execution->cancel_requested) return Contradiction("it is not cancelled");
  for (const uint32_t task : *event.tasks()) {
    if (task >= execution->tasks.size() || execution->cancel_next != task) return NotNext(task);
    if (execution->tasks[task].waits) {
      editor.Remember(*execution, task, schema::AttemptOutcome::Cancelled, {}, event.time());
      editor.EndWait(*execution, task, event.time());
    }
    editor.Move(*execution, task, TaskState::kCancelled, RunState::kCanceled, event.time());
    editor.TouchTask(*execution, task);
    Settle(*execution, task);
    AdvanceCancel(*execution);
  }
  editor.Touch(*execution);
  EmitMore(event.more(), *execution, editor);
  return CheckMore(event.more(), execution->cancel_next < execution->tasks.size());
}

absl::Status ApplyEvent(const fb::TaskDeadLettered& event, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  const uint32_t task = event.task();
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (task >= execution->tasks.size() || execution->tasks[task].state != TaskState::kFailed) {
    return Contradiction(fmt::format("task {} has not failed", task));
  }
  editor.Move(*execution, task, TaskState::kDeadLettered, RunState::kFailed, event.time());
  editor.TouchTask(*execution, task);
  editor.AddDeadLetter(*execution, task);
  editor.Touch(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::RetriesWoken& event, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->cancelling()) return Contradiction("it is cancelled");
  for (const uint32_t task : *event.tasks()) {
    if (task >= execution->tasks.size() || !execution->tasks[task].asleep()) {
      return Contradiction(fmt::format("task {} waits for no time", task));
    }
    if (execution->tasks[task].due_at > event.time()) {
      return Contradiction(
          fmt::format("task {} waits until {}", task, execution->tasks[task].due_at));
    }
    editor.MoveToReady(*execution, task, event.time());
  }
  editor.Touch(*execution);
  return absl::OkStatus();
}

}  // namespace stet::core
