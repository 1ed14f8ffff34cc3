// Events that move sets of tasks: ready, skipped, cancelled, dead-lettered, woken.
#include <fmt/format.h>

#include "core/appliers.h"

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

}  // namespace

absl::Status ApplyEvent(const fb::TasksReady& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->start_at != 0) return Contradiction("it has not begun");
  for (const uint32_t task : *event.tasks()) {
    if (execution->due.head != task || execution->due.empty()) return NotNext(task);
    PopFront(*execution, execution->due);
    editor.MoveToReady(*execution, task, event.time());
  }
  editor.Touch(*execution);
  EmitMore(event.more(), *execution, editor);
  return CheckMore(event.more(), !execution->due.empty());
}

absl::Status ApplyEvent(const fb::TasksSkipped& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  for (const uint32_t task : *event.tasks()) {
    if (execution->failed.empty()) return NotNext(task);
    const auto children = execution->definition->children(execution->failed.head);
    if (children[execution->failed_edge] != task) return NotNext(task);
    editor.Move(*execution, task, TaskState::kSkipped, RunState::kCanceled, event.time());
    editor.TouchTask(*execution, task);
    PushBack(*execution, execution->failed, task);
    AdvanceFailed(*execution);
  }
  editor.Touch(*execution);
  EmitMore(event.more(), *execution, editor);
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
    AdvanceCancel(*execution);
  }
  editor.Touch(*execution);
  EmitMore(event.more(), *execution, editor);
  return CheckMore(event.more(), execution->cancel_next < execution->tasks.size());
}

absl::Status ApplyEvent(const fb::TaskDeadLettered& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
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
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->cancel_requested) return Contradiction("it is cancelled");
  for (const uint32_t task : *event.tasks()) {
    if (task >= execution->tasks.size() || execution->tasks[task].state != TaskState::kRetrying) {
      return Contradiction(fmt::format("task {} does not wait for a retry", task));
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
