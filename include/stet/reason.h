// Why something was refused: a typed reason with its fields, carried in the payload of an
// absl::Status.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#pragma GCC visibility push(default)

namespace stet {

// The fields that come with a reason stand behind it.
enum class Reason : uint16_t {
  kNone,  // the status carries no reason

  // A workflow that cannot be (Validate).
  kEmptyWorkflow,
  kDuplicateTask,      // task
  kSelfDependency,     // task
  kMissingDependency,  // task, dependency
  kCycle,              // tasks: the names along one cycle, separated by ", "
  kTooManyTasks,       // count, limit
  kTooManyEdges,       // count, limit
  kInvalidPolicy,      // task, field
  kInvalidName,        // name
  kTooLarge,           // what, bytes, limit

  // Starting and naming executions.
  kUnknownWorkflow,    // workflow
  kInvalidKey,         // key
  kDefinitionDiffers,  // key, expected, actual
  kInputDiffers,       // key
  kTooManyExecutions,  // count, limit
  kUnknownExecution,   // execution
  kExecutionEnded,     // execution, state
  kAlreadyCancelled,   // execution
  kUnknownTask,        // execution, task

  // Runs and attempts.
  kInvalidRunId,
  kInvalidTaskId,
  kReadyScheduledAtAfterCreatedAt,  // scheduled_at, created_at (ns)
  kInvalidTransition,               // from, to
  kAttemptInProgress,               // attempt
  kAttemptStartRequiresRunning,     // state
  kAttemptFinishRequiresRunning,    // state
  kAttemptAlreadyActive,            // attempt
  kAttemptOwnershipMismatch,        // expected, actual
  kNoActiveAttempt,
  kAttemptCountOverflow,
  kPriorityMutationRequiresReady,  // state
  kInvalidOutcome,                 // outcome: a report whose parts contradict each other
  kNotReady,                       // execution, task, state
  kNotDue,                         // at, now (ns)
  kNothingToContinue,              // execution
  kInvalidRun,                     // field: restored fields that contradict each other
  kStepRecorded,                   // step, occurrence: it has a result already
  kTooManySteps,                   // count, limit
  kTooMuchMetadata,                // count, limit
  kKeyHeld,                        // key, execution, task: who holds the concurrency key
  kBreakerOpen,                    // breaker, until (ns)
  kInvalidLease,                   // ns: of a lease, not above 0
  kLeaseMismatch,                  // expected, actual: workers; empty: nobody

  // The engine.
  kEpochNotNewer,  // expected, actual
  kClosed,
  kLocked,       // pid
  kWrongThread,  // Threads::kNone: only the thread that called Engine::Open may
  kWouldBlock,   // from inside a callback, or an activity that Poll runs: it would wait for itself

  // Operating.
  kPaused,             // what: the engine, an activity, an execution
  kAlreadyPaused,      // what
  kNotPaused,          // what
  kTooManyPauses,      // count, limit
  kNotEnded,           // execution, state
  kExpired,            // key, outcome: it was purged, the key is still taken
  kUnknownDeadLetter,  // execution, task
  kUnknownBreaker,     // breaker: it has counted no failure
  kNothingToRetry,     // execution
  kWorkPending,        // execution: work that was cut has to be done first

  // Waits.
  kTooManySignals,  // execution, count, limit
  kNotDelayed,      // execution

  // Schedules.
  kInvalidSchedule,     // field
  kScheduleExists,      // schedule
  kUnknownSchedule,     // schedule
  kTooManySchedules,    // count, limit
  kTooManyOccurrences,  // schedule, count, limit

  kFinishing,    // execution, outcome: only what closes it still runs
  kCompensated,  // execution, task: it was undone
};

// Wire names: snake_case ("missing_dependency").
std::string_view ToString(Reason reason);

// The reason that `status` carries; kNone when it has none.
Reason ReasonOf(const absl::Status& status);

// The fields that came with it, by name.
std::map<std::string, std::string> ReasonFields(const absl::Status& status);

// One of them; empty when there is none of that name.
std::string ReasonField(const absl::Status& status, std::string_view name);

}  // namespace stet

#pragma GCC visibility pop
