// What Decide can be asked.  Plain values; views must stay valid during the call.
#pragma once

#include <cstdint>
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
// kDefinitionDiffers, kInputDiffers.
struct StartExecution {
  WorkflowHash workflow = {};
  std::string_view key = {};
  PayloadView input = {};
};

// Gives the ready run to a worker.  Errors: kUnknownExecution, kUnknownTask, kNotReady,
// kExecutionEnded, kAlreadyCancelled, kClosed.
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

using Command = std::variant<OpenEngine, DefineWorkflow, StartExecution, StartAttempt,
                             FinishAttempt, TimeoutAttempt, WakeRetry, RequestCancel, Continue>;

}  // namespace stet::core
