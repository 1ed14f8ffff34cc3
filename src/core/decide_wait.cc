// Waits that begin and end, signals, and the end of a delay.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/deciders.h"
#include "core/group.h"
#include "core/payload_ref.h"
#include "core/refusal.h"
#include "core/run_limits.h"
#include "core/run_policy.h"
#include "core/waits.h"

namespace stet::core {
namespace {

using schema::AttemptOutcome;
using schema::EventType;
using schema::TimeoutKind;

absl::Status CheckSignalName(std::string_view what, std::string_view name) {
  if (IsName(name)) return absl::OkStatus();
  return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidName,
                fmt::format("a signal's {} is 1 to {} bytes of UTF-8 without control characters",
                            what, kNameBytesMax),
                {{"name", std::string(name)}});
}

// When the wait that begins at `now` ends, by itself or because its run has to; 0: never.
int64_t LimitOfWait(const Execution& execution, uint32_t task, int64_t now) {
  const int64_t end = WaitEnd(*execution.definition, task, now);
  const RunNotes* notes = execution.notes.Find(task);
  if (notes == nullptr || notes->close_by == 0) return end;
  return end == 0 ? notes->close_by : std::min(end, notes->close_by);
}

// Whether the wait, which is due, ends because its run has to: a wait whose own time has come has ended.
bool EndsWithRun(const Execution& execution, uint32_t task) {
  const TaskSlot& slot = execution.tasks[task];
  const int64_t end = WaitEnd(*execution.definition, task, slot.started_at);
  return end == 0 || end > slot.due_at;
}

std::string TextOfTimeout(const Execution& execution, uint32_t task) {
  const TaskSlot& slot = execution.tasks[task];
  const bool child = WaitOf(*execution.definition, task) == Wait::kChild;
  const std::string what =
      child
          ? fmt::format("execution of workflow '{}'", ChildWorkflowOf(*execution.definition, task))
          : fmt::format("signal '{}'", SignalOf(*execution.definition, task));
  return fmt::format("no {} within {} ms", what + (child ? " ended" : " came"),
                     (slot.due_at - slot.started_at) / 1'000'000);
}

void FailWith(const Execution& execution, uint32_t task, AttemptOutcome outcome,
              const NextStep& step, std::string_view error, int64_t now, EventBuffer& out) {
  Group group(execution, now, out);
  const uint64_t cause = out.next_seq();
  group.Finish(task, outcome, step, {}, schema::kDefaultContentType, error);
  if (step.next == schema::RunNext::Failed) group.AddSkipped(task, cause);
  group.EndIfDone();
}

void TimeOut(const Execution& execution, uint32_t task, TimeoutKind kind, int64_t now,
             EventBuffer& out) {
  const std::string error = kind == TimeoutKind::StartToClose ? TextOfTimeout(execution, task)
                                                              : TimeoutText(execution, task, kind);
  NextStep step = DecideNextStep(execution, task, AttemptOutcome::Timeout, true, now);
  step.timeout = kind;
  FailWith(execution, task, AttemptOutcome::Timeout, step, error, now, out);
}

}  // namespace

void FinishAsFailed(const Execution& execution, uint32_t task, AttemptOutcome outcome,
                    std::string_view error, bool retryable, int64_t now, EventBuffer& out) {
  FailWith(execution, task, outcome, DecideNextStep(execution, task, outcome, retryable, now),
           error, now, out);
}

void GoOn(Group& group, uint32_t task, uint64_t cause) {
  // What an event's activity leads to comes later.
  if (HandlesEvent(*group.execution().definition, task)) return;
  group.AddReady(task, cause);
  group.EndIfDone();
}

void BeginWait(const State& state, const Execution& execution, uint32_t task, int64_t now,
               EventBuffer& out) {
  const Definition& definition = *execution.definition;
  Group group(execution, now, out);
  const uint64_t attempt = group.BeginWait(task, LimitOfWait(execution, task, now), state.epoch());
  if (WaitOf(definition, task) != Wait::kSignal || execution.signals == nullptr) return;
  const uint64_t signal = execution.signals->First(SignalOf(definition, task));
  if (signal == 0) return;
  const uint64_t cause = out.next_seq();
  group.FinishWait(task, attempt, signal);
  GoOn(group, task, cause);
}

absl::Status DecideOn(const State& state, const EndWait& command, int64_t now, EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.run));
  RETURN_IF_ERROR(CheckOwner(*execution, task, command.token));
  // A cancellation that was cut has yet to come to it.
  RETURN_IF_ERROR(CheckNotCancelled(*execution));
  const TaskSlot& slot = execution->tasks[task];
  const int64_t due = slot.waits && slot.due_at != 0 ? slot.due_at : INT64_MAX;
  if (now < due) return NotDue(due, now);
  const bool with_run = EndsWithRun(*execution, task);
  if (with_run || WaitOf(*execution->definition, task) != Wait::kTimer) {
    TimeOut(*execution, task, with_run ? TimeoutKind::ScheduleToClose : TimeoutKind::StartToClose,
            now, out);
    return absl::OkStatus();
  }
  Group group(*execution, now, out);
  const uint64_t cause = out.next_seq();
  group.FinishWait(task, slot.order, 0);
  GoOn(group, task, cause);
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const SendSignal& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.execution));
  RETURN_IF_ERROR(CheckSignalName("name", command.name));
  if (!command.id.empty()) RETURN_IF_ERROR(CheckSignalName("id", command.id));
  const SignalBox* box = execution->signals.get();
  // One that was received stays received, whatever has become of the execution.
  if (!command.id.empty() && box != nullptr && box->SeqOf(HashOfKey(command.id)) != 0) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckRunning(*execution));
  RETURN_IF_ERROR(CheckNotFinishing(*execution));
  RETURN_IF_ERROR(CheckNotCancelled(*execution));
  RETURN_IF_ERROR(CheckPayload("signal", command.payload));
  const auto waiting = box == nullptr ? std::nullopt : box->FirstWaiting(command.name);
  if (!waiting && box != nullptr && box->buffered().size() >= kBufferedSignalsMax) {
    return Refuse(
        absl::StatusCode::kResourceExhausted, Reason::kTooManySignals,
        fmt::format("'{}' has {} signals that nothing has waited for yet: the limit is {}",
                    execution->key, box->buffered().size(), kBufferedSignalsMax),
        {{"execution", IdText(execution->id)},
         {"count", fmt::format("{}", box->buffered().size())},
         {"limit", fmt::format("{}", kBufferedSignalsMax)}});
  }
  const uint64_t signal = out.next_seq();
  out.Add(execution->id, EventType::SignalReceived,
          out.pack().SignalReceived({.time = now,
                                     .name = command.name,
                                     .id = command.id,
                                     .payload = command.payload.bytes,
                                     .content_type = command.payload.content_type}));
  if (!waiting) return absl::OkStatus();
  Group group(*execution, now, out);
  const uint64_t cause = out.next_seq();
  group.FinishWait(waiting->task, waiting->attempt, signal);
  GoOn(group, waiting->task, cause);
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const Begin& command, int64_t now, EventBuffer& out) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.execution));
  RETURN_IF_ERROR(CheckRunning(*execution));
  RETURN_IF_ERROR(CheckNotCancelled(*execution));
  if (execution->start_at == 0) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kNotDelayed,
                  fmt::format("'{}' has begun", execution->key),
                  {{"execution", IdText(execution->id)}});
  }
  if (now < execution->start_at) return NotDue(execution->start_at, now);
  const uint64_t cause = out.next_seq();
  out.Add(execution->id, EventType::ExecutionBegun, out.pack().ExecutionBegun(now));
  Group(*execution, now, out).AddReady(kNoTask, cause);
  return absl::OkStatus();
}

}  // namespace stet::core
