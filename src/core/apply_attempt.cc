// Events of attempts: started, finished.
#include <fmt/format.h>

#include "core/appliers.h"
#include "core/check_workflow.h"
#include "core/dependency.h"
#include "core/finish.h"
#include "core/payload_ref.h"
#include "core/run_limits.h"
#include "core/run_policy.h"
#include "core/waits.h"

namespace stet::core {
namespace {

using schema::AttemptOutcome;
using schema::RunNext;

absl::Status CheckStart(const fb::AttemptStarted& event, const Execution& execution,
                        const State& state) {
  const uint32_t epoch = state.epoch();
  if (execution.held_back()) {
    return Contradiction(execution.cancelling() ? "it is cancelled" : "it is paused");
  }
  if (state.engine_paused()) return Contradiction("the engine is paused");
  if (event.task() >= execution.tasks.size()) {
    return Contradiction(fmt::format("there is no task {}", event.task()));
  }
  const TaskSlot& slot = execution.tasks[event.task()];
  if (slot.state != TaskState::kReady) {
    return Contradiction(fmt::format("task {} is {}", event.task(), ToString(slot.state)));
  }
  if (state.activities()[ActivityNumberOf(execution, event.task())].paused) {
    return Contradiction(fmt::format("the activity of task {} is paused", event.task()));
  }
  if (!MayBegin(execution, event.task(), event.time())) {
    return Contradiction(fmt::format("the time of task {} is over", event.task()));
  }
  const StartGate gate = GateOf(execution, event.task());
  if (gate.key != nullptr && !gate.key->holders.empty()) {
    return Contradiction(fmt::format("key '{}' of task {} is held", gate.key->name, event.task()));
  }
  if (uint64_t{event.attempt()} != uint64_t{slot.attempts} + 1) {
    return Contradiction(fmt::format("attempt {} follows {}", event.attempt(), slot.attempts));
  }
  if (event.epoch() != epoch) {
    return Contradiction(fmt::format("epoch {}, now it is {}", event.epoch(), epoch));
  }
  if (event.worker() != nullptr && !IsName(event.worker()->string_view())) {
    return Contradiction("the worker's name is none");
  }
  const bool waits = WaitOf(execution, event.task()) != Wait::kNone;
  if (waits != (event.owner() == schema::AttemptOwner::Engine)) {
    return Contradiction(
        fmt::format("owner {} of task {}", schema::ToString(event.owner()), event.task()));
  }
  if (event.deadline() != 0 && event.deadline() < event.time()) {
    return Contradiction("its deadline is before its start");
  }
  return absl::OkStatus();
}

// What a task waits for has come when its wait ends well.
absl::Status CheckAwaited(const fb::AttemptFinished& event, const Execution& execution,
                          const State& state) {
  const uint32_t task = event.task();
  if (event.outcome() != AttemptOutcome::Success) return absl::OkStatus();
  const Wait wait = WaitOf(*execution.definition, task);
  if (wait == Wait::kMap) {
    const bool all = HasAllItems(execution, task) && ProgressOf(execution, task).failed == 0;
    if (!all) return Contradiction(fmt::format("items of task {} have not completed", task));
  }
  if (wait == Wait::kChild) {
    const Execution* child = ChildOf(state, execution, task);
    const bool completed = child != nullptr && child->state == ExecutionState::kCompleted;
    if (!completed)
      return Contradiction(fmt::format("the execution of task {} has not completed", task));
  }
  return absl::OkStatus();
}

absl::Status CheckFinish(const fb::AttemptFinished& event, const Execution& execution,
                         const State& state) {
  if (event.task() >= execution.tasks.size()) {
    return Contradiction(fmt::format("there is no task {}", event.task()));
  }
  const TaskSlot& slot = execution.tasks[event.task()];
  if (slot.state != TaskState::kRunning || slot.order != event.attempt_seq()) {
    return Contradiction(fmt::format("attempt {} does not own task {} ({}, {})",
                                     event.attempt_seq(), event.task(), ToString(slot.state),
                                     slot.order));
  }
  if (slot.waits && execution.cancelling()) {
    return Contradiction(fmt::format("the wait of task {} is cancelled", event.task()));
  }
  if (slot.waits) {
    if (absl::Status status = CheckAwaited(event, execution, state); !status.ok()) return status;
  }
  if (event.signal() != 0) {
    const bool first =
        slot.waits && execution.signals != nullptr &&
        WaitOf(execution, event.task()) == Wait::kSignal &&
        execution.signals->First(SignalOf(*execution.definition, event.task())) == event.signal();
    if (!first) return Contradiction(fmt::format("signal {} is not its next", event.signal()));
  }
  if (event.wake_at() != 0 && event.wake_at() < event.time()) {
    return Contradiction("it wakes before it ended");
  }
  // Once it is cancelled a task either still completes or is cancelled.
  if (event.next() != RunNext::Completed &&
      (event.next() == RunNext::Canceled) != execution.cancelling()) {
    return Contradiction(fmt::format("next is {}, cancel was {}", schema::ToString(event.next()),
                                     execution.cancelling() ? "requested" : "not requested"));
  }
  const uint32_t runs_max = RunsMax(*execution.definition, event.task());
  if (event.next() == RunNext::Again && RunsDone(execution, event.task()) + 1 >= runs_max) {
    return Contradiction(fmt::format("task {} runs at most {} times", event.task(), runs_max));
  }
  const bool chooses = event.next() == RunNext::Completed &&
                       KindOf(execution.definition->extra(event.task())) == TaskKind::kConditional;
  if (chooses != (slot.branch != schema::Branch::None)) {
    return Contradiction(fmt::format("task {} {} a branch", event.task(),
                                     chooses ? "completes without" : "has chosen"));
  }
  return absl::OkStatus();
}

void CountOutcome(TaskSlot& slot, AttemptOutcome outcome) {
  if (outcome == AttemptOutcome::Lost) ++slot.lost;
  if (outcome == AttemptOutcome::Failure || outcome == AttemptOutcome::Timeout) ++slot.failures;
}

// Its dependents are to be skipped.
void Fail(Execution& execution, uint32_t task, schema::FailureKind failure, int64_t time,
          Editor& editor) {
  execution.tasks[task].failure = failure;
  editor.Move(execution, task, TaskState::kFailed, RunState::kFailed, time);
  PushBack(execution, execution.failed, task);
  AdvanceFailed(execution);
  Settle(execution, task);
  RowUndo(execution, task, editor.event().seq);
}

}  // namespace

absl::Status ApplyEvent(const fb::RunTimedOut& event, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->cancelling()) return Contradiction("it is cancelled");
  const uint32_t task = event.task();
  if (task >= execution->tasks.size() || execution->tasks[task].state != TaskState::kReady) {
    return Contradiction(fmt::format("task {} is not ready", task));
  }
  execution->tasks[task].error =
      MakePayloadRef(editor.event().seq, TextOf(event.error()), schema::kDefaultContentType);
  Fail(*execution, task, schema::FailureKind::DeadlinePassed, event.time(), editor);
  editor.EmitBacklog(*execution);
  editor.TouchTask(*execution, task);
  editor.Touch(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::AttemptStarted& event, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  absl::Status status = CheckStart(event, *execution, editor.state());
  if (!status.ok()) return status;

  const uint32_t task = event.task();
  TaskSlot& slot = execution->tasks[task];
  slot.started_at = event.time();
  // The run goes Ready -> Leased -> Running at once: a local attempt is leased to its epoch.
  editor.Move(*execution, task, TaskState::kRunning, RunState::kRunning, event.time());
  slot.attempts = event.attempt();
  slot.order = editor.event().seq;
  slot.epoch = event.epoch();
  slot.due_at = event.deadline();
  slot.waits = event.owner() == schema::AttemptOwner::Engine;
  editor.LimitRetries(*execution, task, event.time());
  editor.TouchTask(*execution, task);
  editor.Touch(*execution);
  if (slot.waits) {
    editor.BeginWait(*execution, task);
    return absl::OkStatus();
  }

  Effect effect = {.kind = Effect::Kind::kDispatchAttempt,
                   .task = task,
                   .execution = execution->id,
                   .token = slot.token()};
  if (event.worker() != nullptr) {
    editor.SetLease(*execution, task, event.worker()->string_view(), event.lease_until());
  } else {
    editor.Emit(effect);
  }
  if (event.deadline() != 0) {
    effect.kind = Effect::Kind::kAttemptTimer;
    effect.at_ns = event.deadline();
    editor.Emit(effect);
  }
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::AttemptFinished& event, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  absl::Status status = CheckFinish(event, *execution, editor.state());
  if (!status.ok()) return status;

  const uint32_t task = event.task();
  const int64_t time = event.time();
  TaskSlot& slot = execution->tasks[task];
  CountOutcome(slot, event.outcome());
  PayloadRef error;
  if (event.signal() != 0) {
    slot.output =
        editor.TakeSignal(*execution, SignalOf(*execution->definition, task), event.signal());
  } else if (event.outcome() == AttemptOutcome::Success) {
    slot.output = MakePayloadRef(editor.event().seq, TextOf(event.output()),
                                 ContentTypeOf(event.content_type()));
  } else {
    error = MakePayloadRef(editor.event().seq, TextOf(event.error()),
                           ContentTypeOf(event.content_type()));
    slot.error = error;
  }
  editor.Remember(*execution, task, event.outcome(), error, time);
  editor.EndWait(*execution, task, time);
  switch (event.next()) {
    case RunNext::Again:
      editor.ScheduleRun(*execution, task, event.wake_at(), time);
      editor.CountRun(*execution, task);
      break;
    case RunNext::Completed:
      editor.Move(*execution, task, TaskState::kCompleted, RunState::kCompleted, time);
      if (RunsMax(*execution->definition, task) > 1) editor.CountRun(*execution, task);
      Settle(*execution, task);
      RowUndo(*execution, task, editor.event().seq);
      break;
    case RunNext::RetryWait:
      editor.Move(*execution, task, TaskState::kRetrying, RunState::kRetryWait, time);
      slot.due_at = event.wake_at();
      editor.Emit({.kind = Effect::Kind::kRetryTimer,
                   .task = task,
                   .execution = execution->id,
                   .at_ns = event.wake_at()});
      break;
    case RunNext::Failed:
      Fail(*execution, task, event.failure(), time, editor);
      break;
    case RunNext::Canceled:
      editor.Move(*execution, task, TaskState::kCancelled, RunState::kCanceled, time);
      Settle(*execution, task);
      break;
  }
  // A plain success leaves nothing behind that its group does not do.
  if (event.next() == RunNext::Failed || execution->definition->has_spared() ||
      execution->definition->has_branches() || execution->definition->has_cron()) {
    editor.EmitBacklog(*execution);
  }
  editor.TouchTask(*execution, task);
  editor.Touch(*execution);
  editor.AdvanceLostCursor();
  return absl::OkStatus();
}

}  // namespace stet::core
