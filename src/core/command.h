// What Decide can be asked.  Plain values; views must stay valid during the call.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include <absl/time/time.h>

#include "core/definition.h"
#include "core/ref.h"
#include "schema/event_type.h"
#include "stet/schedule.h"
#include "stet/workflow.h"

namespace stet::core {

struct PayloadView {
  std::string_view bytes = {};
  std::string_view content_type = "application/json";
  // What the bytes stand for, when somebody encoded them: for what looks inside.
  std::optional<std::string_view> plain = std::nullopt;
  std::string_view text() const { return plain.value_or(bytes); }
};

// A new epoch: the first event after recovery.  `epoch` must be above the last one; the engine's
// time continues at max(last event, wall).  If it leaves attempts of dead epochs behind,
// HasBacklog(state, 0): Continue{0}. Errors: kEpochNotNewer.
struct OpenEngine {
  uint32_t epoch = 0;
  absl::Time wall = absl::UnixEpoch();
};

// Stores a definition.  Emits at most a few MiB: decide and apply again until
// State::FindDefinition(hash) finds it.  No event when it is there already.
struct DefineWorkflow {
  const PreparedWorkflow* workflow = nullptr;
};

// Idempotent in the key: no event when `key` stands for an execution of the same definition and
// input.  Its id is the seq of the first event.  Errors: kUnknownWorkflow, kInvalidKey,
// kDefinitionDiffers, kInputDiffers, kExpired (the key of a purged execution).
struct StartExecution {
  WorkflowHash workflow = {};
  std::string_view key = {};
  PayloadView input = {};
  int64_t start_at = 0;  // nothing becomes ready before; not after now: at once
};

// The delay of a delayed execution is over.  Errors: kUnknownExecution, kExecutionEnded,
// kAlreadyCancelled, kNotDelayed, kNotDue.
struct Begin {
  uint64_t execution = 0;
};

// Gives the ready run to a worker, or begins its wait.  Errors: kUnknownExecution, kUnknownTask, kNotReady,
// kExecutionEnded, kAlreadyCancelled, kClosed, kPaused, kKeyHeld, kBreakerOpen; with a lease kInvalidName and
// kInvalidLease.
struct StartAttempt {
  RunRef run = {};
  std::string_view worker =
      {};                // elsewhere, that has it under a lease; empty: a thread of this epoch
  int64_t lease_ns = 0;  // with a worker only: > 0
};

// A worker goes on with these attempts: all of them or none.  Errors: as FinishAttempt, but no
// kInvalidOutcome; kInvalidLease; kLeaseMismatch (another worker, or nobody, has one of them).
struct Renewed {
  RunRef run = {};
  Token token = {};
};
struct RenewLeases {
  std::string_view worker = {};
  std::span<const Renewed> attempts = {};
  int64_t lease_ns = 0;
};

// Nothing was heard of the worker until its lease ended: the attempt is lost.  Errors: as FinishAttempt,
// kNotDue, kLeaseMismatch (nobody has it under a lease).
struct ExpireLease {
  RunRef run = {};
  Token token = {};
};

// A report of attempt `token`.  Errors: kUnknownExecution, kUnknownTask,
// kAttemptFinishRequiresRunning, kAttemptOwnershipMismatch, kInvalidOutcome (a success with an
// error, anything else with an output).
struct FinishAttempt {
  RunRef run = {};
  Token token = {};
  schema::AttemptOutcome outcome = schema::AttemptOutcome::Success;
  schema::TimeoutKind timeout = schema::TimeoutKind::StartToClose;  // timeout only
  PayloadView output = {};                                          // success only
  std::string_view error = {};                                      // anything else
  bool retryable = true;  // failure only: false ends the run whatever its budget
  schema::Branch branch = schema::Branch::None;  // of a conditional task's success, and of no other
  bool last = false;                             // of a loop's success: no iteration follows
  std::optional<PayloadView> state = std::nullopt;  // that a stateful task's success leaves
};

// The attempt's deadline has come; or it was not heard of for as long as its task allows, says whoever
// listens.  Errors: as FinishAttempt, kNotDue.
struct TimeoutAttempt {
  RunRef run = {};
  Token token = {};
  bool heartbeat = false;
};

// An attempt of the ready run should have started by now.  Errors: kUnknownExecution, kUnknownTask,
// kExecutionEnded, kAlreadyCancelled, kNotReady, kNotDue.
struct TimeoutRun {
  RunRef run = {};
};

// The time of a wait has come: a timer completes, what waits for a signal or a child times out.
// Errors: as FinishAttempt, kNotDue, kAlreadyCancelled.
struct EndWait {
  RunRef run = {};
  Token token = {};
};

// Is given to the task of the execution that has waited for the name longest, or kept until one does.
// No event when a signal with the same id (not empty) was received before.  Errors: kUnknownExecution,
// kExecutionEnded, kAlreadyCancelled, kInvalidName (name or id), kTooLarge, kTooManySignals.
struct SendSignal {
  uint64_t execution = 0;
  std::string_view name = {};
  std::string_view id = {};
  PayloadView payload = {};
};

// Starts the execution that attempt `token` waits for.  If it cannot be, or `error` says why not, the
// attempt fails.
// Errors: as FinishAttempt, kAlreadyCancelled, kUnknownWorkflow, kNotReady (it was started).
struct StartChild {
  RunRef run = {};
  Token token = {};
  WorkflowHash workflow = {};
  PayloadView input = {};
  std::string_view error = {};
  uint32_t item = 0;  // of a map task: for which, from 1; its items are started in order
};

// The array of the map task whose attempt `token` waits has so many items.  If there is none, as `error` says, or they are too
// many, the attempt fails.  Errors: as FinishAttempt, kAlreadyCancelled, kNotReady (it was expanded).
struct ExpandMap {
  RunRef run = {};
  Token token = {};
  uint32_t items = 0;
  std::string_view error = {};
};

// The child of attempt `token` has ended: with `result` if it completed; or all items of its map have, or one
// that did not complete.  Errors: as FinishAttempt,
// kAlreadyCancelled, kNotEnded.
struct FinishChild {
  RunRef run = {};
  Token token = {};
  PayloadView result = {};
  std::string_view error = {};
};

// What attempt `token` records while it runs.  Errors: as FinishAttempt, but no kInvalidOutcome; kTooLarge,
// kInvalidName; of a step also kStepRecorded (it has a result already) and kTooManySteps, of metadata
// kTooMuchMetadata.  Metadata that is there already is no event.
struct RecordStep {
  RunRef run = {};
  Token token = {};
  std::string_view name = {};
  uint32_t occurrence = 1;  // of the name within the run, from 1
  PayloadView result = {};
};
struct RecordCheckpoint {
  RunRef run = {};
  Token token = {};
  PayloadView checkpoint = {};
};
struct SetMetadata {
  RunRef run = {};
  Token token = {};
  std::string_view key = {};
  std::string_view value = {};
};

// A retry's wake time has come.  Errors: kUnknownExecution, kUnknownTask, kNotReady (not retrying),
// kNotDue.
struct WakeRetry {
  RunRef run = {};
};

// `compensate`: what has completed and names a compensation is undone.
// Errors: kUnknownExecution, kExecutionEnded, kAlreadyCancelled, kFinishing.
struct RequestCancel {
  uint64_t execution = 0;
  bool compensate = false;
};

// The next part of work that was cut: of an execution, or with 0 of the attempts of dead epochs.
// Errors: kNothingToContinue.
struct Continue {
  uint64_t execution = 0;
};

// Durable: from then on no attempt is started of what is paused; those that run go on, and timers keep
// their times.  Errors: kAlreadyPaused, kNotPaused; of an execution also kUnknownExecution,
// kExecutionEnded; of an activity also kInvalidName, kTooManyPauses.
struct PauseEngine {
  bool pause = true;  // false: resume
};
struct PauseActivity {
  std::string_view activity = {};  // no definition need know it yet
  bool pause = true;
};
struct PauseExecution {
  uint64_t execution = 0;
  bool pause = true;
};

// The execution's priority is added to those of its tasks.  No event when it is that already.
// Errors: kUnknownExecution, kExecutionEnded.
struct SetPriority {
  uint64_t execution = 0;
  int32_t priority = 0;
};

// Begins tasks anew that failed, were skipped or cancelled; an execution that has ended runs again.  With `task`
// that dead letter and what was given up for its sake alone; without, all of them.  Not cut: a set too
// large for a batch of the log is refused by the log.  Errors: kUnknownExecution, kUnknownTask, kUnknownDeadLetter, kNothingToRetry,
// kAlreadyCancelled (it is being cancelled), kFinishing, kCompensated, kWorkPending (its skip cascade is to be continued first).
struct Reopen {
  uint64_t execution = 0;
  std::optional<uint32_t> task = std::nullopt;
};

// Errors: kUnknownExecution, kUnknownTask, kUnknownDeadLetter.
struct DropDeadLetter {
  RunRef task = {};
};

// Closes a circuit breaker, whatever it has counted.  Errors: kUnknownBreaker.
struct ResetBreaker {
  std::string_view name = {};
};

// Forgets executions that have ended.  Their keys stay taken for `key_retention_ns`.
// Errors: kUnknownExecution, kNotEnded, kWorkPending (attempts of dead epochs).
struct Purge {
  std::span<const uint64_t> executions = {};
  int64_t key_retention_ns = 0;
};

// The same by the rules of retention: the oldest that ended before now - age_ns_max or exceed count_max, a part of them per command,
// of those whose last event is not after `seq_max`.  No event when there is none.
struct Retain {
  std::optional<int64_t> age_ns_max = std::nullopt;
  std::optional<uint64_t> count_max = std::nullopt;
  int64_t key_retention_ns = 0;
  uint64_t seq_max = 0;
};

// Times of schedules are wall time in ns.  What needs a calendar comes with the command: core has none.

// No event when the schedule is there already and the same.  Errors: kInvalidSchedule, kScheduleExists,
// kUnknownWorkflow, kTooLarge, kTooManySchedules.
struct CreateSchedule {
  std::string_view name = {};
  WorkflowHash workflow = {};
  PayloadView input = {};
  std::string_view cron = {};
  std::string_view zone = {};
  int64_t every = 0;
  int64_t anchor = 0;
  Misfire misfire = Misfire::kSkip;
  Overlap overlap = Overlap::kSkip;
  uint32_t catch_up_max = 1;
  bool paused = false;
  int64_t next_at = 0;
};

// Its executions go on.  Errors: kUnknownSchedule.
struct RemoveSchedule {
  uint64_t schedule = 0;
};

// Errors: kUnknownSchedule, kAlreadyPaused, kNotPaused.
struct PauseSchedule {
  uint64_t schedule = 0;
  bool pause = true;
  int64_t next_at = 0;  // to resume: its next time
};

// `times` have come: by the calendar (the misfire policy decides which of them are to fire), or by
// someone's wish (all are).  Errors: kUnknownSchedule, kTooManyOccurrences; of the calendar also kPaused,
// kNotDue.
struct PlanSchedule {
  uint64_t schedule = 0;
  schema::PlanCause cause = schema::PlanCause::Calendar;
  int64_t wall = 0;
  std::span<const int64_t> times = {};  // ascending
  uint32_t left_out = 0;                // older ones, at least so many
  int64_t next_at = 0;                  // of the calendar: the first time after `wall`; 0: none
};

// The next step of a schedule in ScheduleBook::to_run: an execution starts, a time is skipped, or a
// running execution is cancelled.  Errors: kUnknownSchedule, kNothingToContinue.
struct RunSchedule {
  uint64_t schedule = 0;
  PayloadView input = {};  // of the schedule
};

using Command =
    std::variant<OpenEngine, DefineWorkflow, StartExecution, StartAttempt, FinishAttempt,
                 TimeoutAttempt, WakeRetry, RequestCancel, Continue, PauseEngine, PauseActivity,
                 PauseExecution, SetPriority, Reopen, DropDeadLetter, Purge, Retain, Begin, EndWait,
                 SendSignal, StartChild, FinishChild, ExpandMap, CreateSchedule, RemoveSchedule,
                 PauseSchedule, PlanSchedule, RunSchedule, RecordStep, RecordCheckpoint,
                 SetMetadata, TimeoutRun, ResetBreaker, RenewLeases, ExpireLease>;

}  // namespace stet::core
