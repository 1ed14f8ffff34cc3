// Events of an execution as a whole: started, cancelled, ended.
#include <fmt/format.h>

#include "core/appliers.h"
#include "core/check_workflow.h"
#include "core/finish.h"
#include "core/outstanding.h"
#include "core/payload_ref.h"
#include "core/waits.h"

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
  while (!execution.untaken.empty()) PopFront(execution, execution.untaken);
  execution.failed_edge = 0;
}

void StopAttempts(const Execution& execution, Editor& editor) {
  uint32_t running = execution.count(TaskState::kRunning);
  for (uint32_t task = 0; running > 0; ++task) {
    const TaskSlot& slot = execution.tasks[task];
    if (slot.state != TaskState::kRunning) continue;
    --running;
    if (slot.waits) continue;  // Cancelled with what does not run.
    if (execution.notes.LeaseOf(task) != nullptr)
      continue;  // Its worker hears of it when it renews.
    editor.Emit({.kind = Effect::Kind::kStopAttempt,
                 .task = task,
                 .execution = execution.id,
                 .token = slot.token()});
  }
}

// A child is started by the attempt that waits for it, once.
absl::Status CheckParent(const Parent& parent, std::string_view key, const State& state) {
  if (parent.execution == 0) return absl::OkStatus();
  const Execution* execution = state.FindExecution(parent.execution);
  if (execution == nullptr || parent.task >= execution->tasks.size()) {
    return Contradiction(fmt::format("there is no parent {:016x}", parent.execution));
  }
  const TaskSlot& slot = execution->tasks[parent.task];
  const bool waits = slot.waits && slot.order == parent.attempt;
  const Wait wait = WaitOf(*execution->definition, parent.task);
  if (waits && wait == Wait::kChild && parent.item == 0 &&
      ChildKey(*execution, parent.task) == key) {
    return absl::OkStatus();
  }
  const MapProgress map = ProgressOf(*execution, parent.task);
  if (waits && wait == Wait::kMap && map.expanded() && parent.item == map.started + 1 &&
      MayStartItem(*execution, parent.task) &&
      ItemKey(*execution, parent.task, parent.item) == key) {
    return absl::OkStatus();
  }
  return Contradiction(
      fmt::format("task {} of {:016x} does not wait for it", parent.task, parent.execution));
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
  std::vector<std::string> keys;
  for (size_t i = 0; event.keys() != nullptr && i < event.keys()->size(); ++i) {
    keys.emplace_back(TextOf(event.keys()->Get(static_cast<uint32_t>(i))));
    if (!IsName(keys.back())) return Contradiction("a concurrency key is no name");
  }
  if (keys.size() != definition->key_patterns().size()) {
    return Contradiction(fmt::format("{} concurrency keys, its definition has {} patterns",
                                     keys.size(), definition->key_patterns().size()));
  }
  const Parent parent = {.execution = event.parent(),
                         .task = event.parent_task(),
                         .attempt = event.parent_attempt(),
                         .item = event.parent_item()};
  if (absl::Status status = CheckParent(parent, key, state); !status.ok()) return status;
  if (absl::Status status = CheckOccurrence(event, state); !status.ok()) return status;
  if (event.start_at() != 0 && event.start_at() <= event.time()) {
    return Contradiction("it is delayed until a time that has passed");
  }
  Execution& execution = editor.AddExecution(*definition, std::move(key), keys);
  execution.input =
      MakePayloadRef(execution.id, TextOf(event.input()), ContentTypeOf(event.content_type()));
  execution.started_at = event.time();
  execution.start_at = event.start_at();
  execution.parent = parent;
  execution.schedule = event.schedule();
  editor.Touch(execution);
  EnterSchedule(execution, event.occurrence(), editor);
  editor.CountItem(parent, {.started = 1});
  if (definition->has_cron()) editor.EmitBacklog(execution);
  if (execution.start_at != 0) {
    editor.Emit({.kind = Effect::Kind::kStartTimer,
                 .execution = execution.id,
                 .at_ns = execution.start_at});
  }
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::CancelRequested& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->cancel_requested) return Contradiction("it is cancelled already");
  editor.SetCancelRequested(*execution, event.compensate());
  DropBacklog(*execution);
  AdvanceCancel(*execution);
  StopAttempts(*execution, editor);
  editor.Touch(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::ExecutionFinishing& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (!AwaitsEnd(*execution)) {
    return Contradiction(fmt::format("{} tasks are not in a final state", execution->open()));
  }
  if (event.outcome() != OutcomeOf(execution->counts)) {
    return Contradiction(
        fmt::format("outcome {} contradicts its tasks", schema::ToString(event.outcome())));
  }
  editor.BeginFinishing(*execution, event.outcome(), event.time());
  editor.Touch(*execution);
  editor.EmitBacklog(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::ExecutionEnded& event, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->open() > 0) {
    return Contradiction(fmt::format("{} tasks are not in a final state", execution->open()));
  }
  if (execution->state == ExecutionState::kRunning &&
      !execution->definition->closing_tasks().empty()) {
    return Contradiction("it has not finished");
  }
  if (event.outcome() != FinalOutcome(*execution, execution->counts)) {
    return Contradiction(
        fmt::format("outcome {} contradicts its tasks", schema::ToString(event.outcome())));
  }
  editor.End(*execution, StateOf(event.outcome()), event.time());
  editor.Touch(*execution);
  editor.Emit({.kind = Effect::Kind::kExecutionEnded, .execution = execution->id});
  const Parent& parent = execution->parent;
  if (parent.attempt != 0 && parent.item != 0) {
    const bool failed = event.outcome() != schema::ExecutionOutcome::Completed;
    editor.CountItem(parent, {.ended = 1, .failed = failed ? 1U : 0U});
  } else if (parent.attempt != 0) {
    const Execution& waiting = *editor.state().FindExecution(parent.execution);
    editor.Emit({.kind = Effect::Kind::kReadChild,
                 .task = parent.task,
                 .execution = parent.execution,
                 .token = waiting.tasks[parent.task].token()});
  }
  return absl::OkStatus();
}

}  // namespace stet::core
