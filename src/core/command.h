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
#include "stet/workflow.h"

namespace stet::core {

struct PayloadView {
  std::string_view bytes = {};
  std::string_view content_type = "application/json";
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
};

// Gives the ready run to a worker.  Errors: kUnknownExecution, kUnknownTask, kNotReady,
// kExecutionEnded, kAlreadyCancelled, kClosed, kPaused.
struct StartAttempt {
  RunRef run = {};
};

// A report of attempt `token`.  Errors: kUnknownExecution, kUnknownTask,
// kAttemptFinishRequiresRunning, kAttemptOwnershipMismatch, kInvalidOutcome (a success with an
// error, anything else with an output).
struct FinishAttempt {
  RunRef run = {};
  Token token = {};
  schema::AttemptOutcome outcome = schema::AttemptOutcome::Success;
  PayloadView output = {};      // success only
  std::string_view error = {};  // anything else
  bool retryable = true;        // failure only: false ends the run whatever its budget
};

// The attempt's deadline has come.  Errors: as FinishAttempt, kNotDue.
struct TimeoutAttempt {
  RunRef run = {};
  Token token = {};
};

// A retry's wake time has come.  Errors: kUnknownExecution, kUnknownTask, kNotReady (not retrying),
// kNotDue.
struct WakeRetry {
  RunRef run = {};
};

// Errors: kUnknownExecution, kExecutionEnded, kAlreadyCancelled.
struct RequestCancel {
  uint64_t execution = 0;
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
// kAlreadyCancelled (it is being cancelled), kWorkPending (its skip cascade is to be continued first).
struct Reopen {
  uint64_t execution = 0;
  std::optional<uint32_t> task = std::nullopt;
};

// Errors: kUnknownExecution, kUnknownTask, kUnknownDeadLetter.
struct DropDeadLetter {
  RunRef task = {};
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

using Command =
    std::variant<OpenEngine, DefineWorkflow, StartExecution, StartAttempt, FinishAttempt,
                 TimeoutAttempt, WakeRetry, RequestCancel, Continue, PauseEngine, PauseActivity,
                 PauseExecution, SetPriority, Reopen, DropDeadLetter, Purge, Retain>;

}  // namespace stet::core
