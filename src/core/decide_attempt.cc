// Starting, finishing, timing out and waking attempts.
#include <algorithm>

#include <fmt/format.h>

#include "base/status_macros.h"
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

constexpr size_t kErrorBytesMax = 64 << 10;

absl::Status NotReady(const Execution& execution, uint32_t task, std::string_view wanted) {
  const TaskState state = execution.tasks[task].state;
  return Refuse(
      absl::StatusCode::kFailedPrecondition, Reason::kNotReady,
      fmt::format("task '{}' of '{}' is {}, not {}", execution.definition->task_name(task),
                  execution.key, ToString(state), wanted),
      {{"execution", IdText(execution.id)},
       {"task", std::string(execution.definition->task_name(task))},
       {"state", std::string(ToString(state))}});
}

}  // namespace

absl::Status NotDue(int64_t at, int64_t now) {
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kNotDue,
                fmt::format("due at {} ns, it is {} ns", at, now),
                {{"at", fmt::format("{}", at)}, {"now", fmt::format("{}", now)}});
}

absl::Status CheckNotCancelled(const Execution& execution) {
  if (!execution.cancelling()) return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kAlreadyCancelled,
                fmt::format("'{}' is being cancelled", execution.key),
                {{"execution", IdText(execution.id)}});
}

namespace {

absl::Status CheckNotPaused(const State& state, const Execution& execution, uint32_t task) {
  const ActivityEntry& activity = state.activities()[ActivityNumberOf(execution, task)];
  std::string what;
  if (state.engine_paused()) what = "the engine";
  if (execution.paused) what = fmt::format("'{}'", execution.key);
  if (activity.paused) what = fmt::format("activity '{}'", activity.name);
  if (what.empty()) return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kPaused,
                fmt::format("{} is paused", what), {{"what", what}});
}

}  // namespace

absl::Status CheckOwner(const Execution& execution, uint32_t task, const Token& token) {
  const TaskSlot& slot = execution.tasks[task];
  const std::string_view name = execution.definition->task_name(task);
  if (slot.run != RunState::kRunning) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kAttemptFinishRequiresRunning,
                  fmt::format("attempt {} of task '{}' of '{}' reports, but the run is {}",
                              ToString(token), name, execution.key, ToString(slot.run)),
                  {{"state", std::string(ToString(slot.run))}});
  }
  if (slot.token() != token) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kAttemptOwnershipMismatch,
                  fmt::format("attempt {} of task '{}' of '{}' reports, but {} owns the run",
                              ToString(token), name, execution.key, ToString(slot.token())),
                  {{"expected", ToString(slot.token())}, {"actual", ToString(token)}});
  }
  return absl::OkStatus();
}

absl::Status CheckWorker(const Execution& execution, uint32_t task) {
  if (!execution.tasks[task].waits) return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kAttemptOwnershipMismatch,
                fmt::format("task '{}' of '{}' waits: the engine owns its attempt",
                            execution.definition->task_name(task), execution.key),
                {{"expected", "engine"}, {"actual", "worker"}});
}

namespace {

absl::Status CheckKeyFree(const State& state, const Execution& execution, uint32_t task) {
  const KeyEntry* key = GateOf(execution, task).key;
  if (key == nullptr || key->holders.empty()) return absl::OkStatus();
  const RunRef& holder = *key->holders.begin();
  const Execution& other = *state.FindExecution(holder.execution);
  const std::string name(other.definition->task_name(holder.task));
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kKeyHeld,
                fmt::format("task '{}' of '{}' holds key '{}'", name, other.key, key->name),
                {{"key", key->name}, {"execution", IdText(other.id)}, {"task", name}});
}

// Which limit of time the attempt has passed.
absl::StatusOr<TimeoutKind> DeadlineOf(const Execution& execution, uint32_t task, int64_t now) {
  const TaskSlot& slot = execution.tasks[task];
  const int64_t deadline = slot.due_at == 0 ? INT64_MAX : slot.due_at;
  if (now < deadline) return NotDue(deadline, now);
  return LimitOfAttempt(execution, task, slot.started_at).kind;
}

// That it was silent for so long is for whoever listens to know.
absl::StatusOr<TimeoutKind> SilenceOf(const Execution& execution, uint32_t task, int64_t now) {
  const TaskExtra* extra = execution.definition->extra(task);
  if (extra == nullptr || extra->heartbeat == 0) return NotDue(INT64_MAX, now);
  return TimeoutKind::Heartbeat;
}

absl::Status CheckReport(const Execution& execution, const FinishAttempt& report) {
  const bool success = report.outcome == AttemptOutcome::Success;
  std::string wrong;
  if (success && !report.error.empty()) wrong = "a success with an error";
  if (!success && !report.output.bytes.empty()) wrong = "an output without success";
  if (report.outcome == AttemptOutcome::Cancelled && !execution.cancelling()) {
    wrong = "cancelled, but nobody asked for it";
  }
  if (report.outcome != AttemptOutcome::Timeout && report.timeout != TimeoutKind::StartToClose) {
    wrong = "a timeout's kind without a timeout";
  }
  const bool chooses =
      success && KindOf(execution.definition->extra(report.run.task)) == TaskKind::kConditional;
  if (chooses != (report.branch != schema::Branch::None)) {
    wrong = chooses ? "a conditional task without a branch" : "a branch, but no choice";
  }
  const bool loops =
      success && KindOf(execution.definition->extra(report.run.task)) == TaskKind::kLoop;
  if (report.last && !loops) wrong = "the last iteration of what is no loop";
  if (loops && !report.last && !execution.cancelling() &&
      !NextRunAt(execution, report.run.task, 0)) {
    wrong = "an iteration beyond the last";
  }
  const bool stateful =
      success && KindOf(execution.definition->extra(report.run.task)) == TaskKind::kStateful;
  if (report.state && !stateful) wrong = "a state of what is not stateful, or did not succeed";
  if (wrong.empty() && report.state) RETURN_IF_ERROR(CheckPayload("state", *report.state));
  if (wrong.empty()) return CheckPayload("output", report.output);
  return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidOutcome,
                fmt::format("report on '{}': {}", execution.key, wrong),
                {{"outcome", std::string(schema::ToString(report.outcome))}});
}

}  // namespace

absl::StatusOr<const Execution*> FindForCommand(const State& state, uint64_t execution) {
  if (const Execution* found = state.FindExecution(execution)) return found;
  return Refuse(absl::StatusCode::kNotFound, Reason::kUnknownExecution,
                fmt::format("there is no execution {}", IdText(execution)),
                {{"execution", IdText(execution)}});
}

absl::StatusOr<const Execution*> FindForCommand(const State& state, const RunRef& run) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, run.execution));
  if (run.task < execution->tasks.size()) return execution;
  return Refuse(absl::StatusCode::kNotFound, Reason::kUnknownTask,
                fmt::format("'{}' has no task number {}", execution->key, run.task),
                {{"execution", IdText(run.execution)}, {"task", fmt::format("{}", run.task)}});
}

absl::Status CheckRunning(const Execution& execution) {
  if (!IsTerminal(execution.state)) return absl::OkStatus();
  return Refuse(
      absl::StatusCode::kFailedPrecondition, Reason::kExecutionEnded,
      fmt::format("'{}' has ended: {}", execution.key, ToString(execution.state)),
      {{"execution", IdText(execution.id)}, {"state", std::string(ToString(execution.state))}});
}

absl::Status CheckNotFinishing(const Execution& execution) {
  if (execution.state != ExecutionState::kFinishing) return absl::OkStatus();
  const std::string outcome(schema::ToString(execution.outcome));
  return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kFinishing,
                fmt::format("'{}' finishes ({}): only its cleanup still runs; wait for its end",
                            execution.key, outcome),
                {{"execution", IdText(execution.id)}, {"outcome", outcome}});
}

absl::Status CheckPayload(std::string_view what, const PayloadView& payload) {
  const bool bytes_fit = payload.bytes.size() <= kPayloadBytesMax;
  if (bytes_fit && payload.content_type.size() <= kContentTypeBytesMax) return absl::OkStatus();
  const std::string part =
      bytes_fit ? fmt::format("content type of an {}", what) : fmt::format("{}", what);
  const size_t bytes = bytes_fit ? payload.content_type.size() : payload.bytes.size();
  const size_t limit = bytes_fit ? kContentTypeBytesMax : kPayloadBytesMax;
  return Refuse(
      absl::StatusCode::kResourceExhausted, Reason::kTooLarge,
      fmt::format("{} of {} bytes; {} are allowed", part, bytes, limit),
      {{"what", part}, {"bytes", fmt::format("{}", bytes)}, {"limit", fmt::format("{}", limit)}});
}

absl::Status DecideOn(const State& state, const StartAttempt& command, int64_t now,
                      EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.run));
  RETURN_IF_ERROR(CheckRunning(*execution));
  RETURN_IF_ERROR(CheckNotCancelled(*execution));
  if (state.epoch() == 0) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kClosed,
                  "no epoch was opened yet");
  }
  const TaskSlot& slot = execution->tasks[task];
  if (slot.state != TaskState::kReady) return NotReady(*execution, task, "ready");
  RETURN_IF_ERROR(CheckNotPaused(state, *execution, task));
  RETURN_IF_ERROR(CheckKeyFree(state, *execution, task));
  RETURN_IF_ERROR(CheckBreaker(state, *execution, task, now, out));
  if (slot.attempts == UINT32_MAX) {
    return Refuse(absl::StatusCode::kResourceExhausted, Reason::kAttemptCountOverflow,
                  fmt::format("task '{}': no attempt can be counted any more",
                              execution->definition->task_name(task)));
  }
  if (!MayBegin(*execution, task, now)) {
    return NotReady(*execution, task, "in its time: it is to time out");
  }
  RETURN_IF_ERROR(CheckLease(command.worker, command.lease_ns));
  if (WaitOf(*execution, task) != Wait::kNone) {
    if (!command.worker.empty()) return NotReady(*execution, task, "for a worker");
    BeginWait(state, *execution, task, now, out);
    return absl::OkStatus();
  }
  const int64_t deadline = LimitOfAttempt(*execution, task, now).at_ns;
  const uint64_t attempt_seq = out.next_seq();
  out.Add(execution->id, EventType::AttemptStarted,
          out.pack().AttemptStarted(
              {.time = now,
               .deadline = deadline,
               .task = task,
               .attempt = slot.attempts + 1,
               .epoch = state.epoch(),
               .worker = command.worker,
               .lease_until = command.worker.empty() ? 0 : Later(now, command.lease_ns)}));
  TellBreakerOfStart(state, *execution, task, attempt_seq, now, out);
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const FinishAttempt& command, int64_t now,
                      EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.run));
  RETURN_IF_ERROR(CheckOwner(*execution, task, command.token));
  RETURN_IF_ERROR(CheckWorker(*execution, task));
  RETURN_IF_ERROR(CheckReport(*execution, command));

  NextStep step = DecideNextStep(*execution, task, command.outcome, command.retryable, now);
  step.timeout = command.timeout;
  if (step.next == schema::RunNext::Completed && !command.last && !execution->cancelling()) {
    const auto next = NextRunAt(*execution, task, now);
    if (next) step = {.next = schema::RunNext::Again, .wake_at = std::max<int64_t>(*next, 1)};
  }
  if (command.state) {
    out.Add(execution->id, EventType::StateSaved,
            out.pack().StateSaved({.time = now,
                                   .attempt_seq = command.token.seq,
                                   .state = command.state->bytes,
                                   .content_type = command.state->content_type,
                                   .task = task}));
  }
  if (command.branch != schema::Branch::None) {
    out.Add(execution->id, EventType::BranchChosen,
            out.pack().BranchChosen(now, task, command.branch));
  }
  Group group(*execution, now, out);
  const uint64_t cause = out.next_seq();
  group.Finish(task, command.outcome, step, command.output.bytes, command.output.content_type,
               command.error.substr(0, kErrorBytesMax));
  // What a choice or a closing task leads to is for Continue.
  const Definition& definition = *execution->definition;
  const bool closing = definition.has_spared() && definition.is_closing(task);
  if (!execution->cancelling() && !closing) {
    const bool chosen = command.branch != schema::Branch::None;
    if (step.next == schema::RunNext::Completed && !chosen) group.AddReady(task, cause);
    if (step.next == schema::RunNext::Failed) group.AddSkipped(task, cause);
  }
  group.EndIfDone();
  TellBreakerOfEnd(state, *execution, task, command.outcome, now, out);
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const TimeoutAttempt& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.run));
  RETURN_IF_ERROR(CheckOwner(*execution, command.run.task, command.token));
  RETURN_IF_ERROR(CheckWorker(*execution, command.run.task));
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const TimeoutKind kind, command.heartbeat ? SilenceOf(*execution, task, now)
                                                             : DeadlineOf(*execution, task, now));
  return DecideOn(state,
                  FinishAttempt{.run = command.run,
                                .token = command.token,
                                .outcome = AttemptOutcome::Timeout,
                                .timeout = kind,
                                .error = TimeoutText(*execution, task, kind)},
                  now, out);
}

absl::Status DecideOn(const State& state, const TimeoutRun& command, int64_t now,
                      EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.run));
  RETURN_IF_ERROR(CheckRunning(*execution));
  RETURN_IF_ERROR(CheckNotCancelled(*execution));
  if (execution->tasks[task].state != TaskState::kReady) {
    return NotReady(*execution, task, "ready");
  }
  const RunLimit limit = LimitOfReady(*execution, task);
  if (limit.at_ns == 0) return NotDue(INT64_MAX, now);
  if (now < limit.at_ns) return NotDue(limit.at_ns, now);
  Group group(*execution, now, out);
  const uint64_t cause = out.next_seq();
  group.TimeOut(task, limit.kind, TimeoutText(*execution, task, limit.kind));
  group.AddSkipped(task, cause);
  group.EndIfDone();
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const WakeRetry& command, int64_t now, EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.run));
  RETURN_IF_ERROR(CheckRunning(*execution));
  RETURN_IF_ERROR(CheckNotCancelled(*execution));
  const TaskSlot& slot = execution->tasks[task];
  if (!slot.asleep()) return NotReady(*execution, task, "asleep");
  if (now < slot.due_at) return NotDue(slot.due_at, now);
  out.Add(execution->id, EventType::RetriesWoken,
          out.pack().RetriesWoken(now, std::span(&task, 1)));
  return absl::OkStatus();
}

}  // namespace stet::core
