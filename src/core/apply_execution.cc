// Events of an execution as a whole: started, cancelled, ended.
#include <fmt/format.h>

#include "core/appliers.h"
#include "core/outstanding.h"
#include "core/payload_ref.h"

namespace stet::core {
namespace {

ExecutionState StateOf(schema::ExecutionOutcome outcome) {
  switch (outcome) {
    case schema::ExecutionOutcome::Completed:
      return ExecutionState::kCompleted;
    case schema::ExecutionOutcome::Failed:
      return ExecutionState::kFailed;
    case schema::ExecutionOutcome::Cancelled:
      return ExecutionState::kCancelled;
  }
  return ExecutionState::kFailed;
}

void DropBacklog(Execution& execution) {
  while (!execution.due.empty()) PopFront(execution, execution.due);
  while (!execution.failed.empty()) PopFront(execution, execution.failed);
  execution.failed_edge = 0;
}

void StopAttempts(const Execution& execution, Editor& editor) {
  uint32_t running = execution.count(TaskState::kRunning);
  for (uint32_t task = 0; running > 0; ++task) {
    const TaskSlot& slot = execution.tasks[task];
    if (slot.state != TaskState::kRunning) continue;
    --running;
    editor.Emit({.kind = Effect::Kind::kStopAttempt,
                 .task = task,
                 .execution = execution.id,
                 .token = slot.token()});
  }
}

}  // namespace

absl::Status ApplyEvent(const fb::ExecutionStarted& event, Editor& editor) {
  const State& state = editor.state();
  const WorkflowHash hash = {.high = event.hash_high(), .low = event.hash_low()};
  const Definition* definition = state.FindDefinition(hash);
  if (definition == nullptr) {
    return Contradiction(fmt::format("definition {} is unknown", ToString(hash)));
  }
  if (editor.event().stream != editor.event().seq) {
    return Contradiction("its stream is not its own seq");
  }
  std::string key = event.key()->str();
  if (state.FindExecutionByKey(key) != nullptr) {
    return Contradiction(fmt::format("key '{}' is taken", key));
  }
  if (const Tombstone* tombstone = state.tombstones().Find(HashOfKey(key))) {
    if (tombstone->forget_at > event.time()) {
      return Contradiction(fmt::format("key '{}' stands for a purged execution", key));
    }
    editor.RemoveTombstone(Tombstone(*tombstone));
  }
  Execution& execution = editor.AddExecution(*definition, std::move(key));
  execution.input =
      MakePayloadRef(execution.id, TextOf(event.input()), ContentTypeOf(event.content_type()));
  execution.started_at = event.time();
  editor.Touch(execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::CancelRequested&, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->cancel_requested) return Contradiction("it is cancelled already");
  editor.SetCancelRequested(*execution);
  DropBacklog(*execution);
  AdvanceCancel(*execution);
  StopAttempts(*execution, editor);
  editor.Touch(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::ExecutionEnded& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->open() > 0) {
    return Contradiction(fmt::format("{} tasks are not in a final state", execution->open()));
  }
  if (event.outcome() != OutcomeOf(execution->counts)) {
    return Contradiction(
        fmt::format("outcome {} contradicts its tasks", schema::ToString(event.outcome())));
  }
  editor.End(*execution, StateOf(event.outcome()), event.time());
  editor.Touch(*execution);
  editor.Emit({.kind = Effect::Kind::kExecutionEnded, .execution = execution->id});
  return absl::OkStatus();
}

schema::ExecutionOutcome OutcomeOf(const std::array<uint32_t, kTaskStateCount>& counts) {
  const auto count = [&counts](TaskState state) { return counts[static_cast<size_t>(state)]; };
  if (count(TaskState::kCancelled) > 0) {
    return schema::ExecutionOutcome::Cancelled;
  }
  const bool failed = count(TaskState::kFailed) > 0 || count(TaskState::kDeadLettered) > 0 ||
                      count(TaskState::kSkipped) > 0;
  return failed ? schema::ExecutionOutcome::Failed : schema::ExecutionOutcome::Completed;
}

}  // namespace stet::core
