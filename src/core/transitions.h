// Which transitions each event type makes.  Every state transition is in the log: what is not listed here does not happen.
#pragma once

#include "schema/event_type.h"
#include "stet/state.h"

namespace stet::core {

// `event` moves from `from` to `to`, through `via` (equal to `from` when there is nothing between).
template <class S>
struct Step {
  schema::EventType event;
  S from;
  S via;
  S to;
  friend constexpr auto operator<=>(const Step&, const Step&) = default;
};

namespace steps {
using E = schema::EventType;
using T = TaskState;
using R = RunState;
using X = ExecutionState;

// clang-format off
inline constexpr Step<TaskState> kTask[] = {
    // event               from           via            to
    {E::TasksReady,       T::kPending,   T::kPending,   T::kReady},
    {E::TasksSkipped,     T::kPending,   T::kPending,   T::kSkipped},
    {E::ExecutionFinishing, T::kPending, T::kPending,   T::kSkipped},  // closing tasks it does not trigger
    {E::TasksCancelled,   T::kPending,   T::kPending,   T::kCancelled},
    {E::TasksCancelled,   T::kReady,     T::kReady,     T::kCancelled},
    {E::TasksCancelled,   T::kRetrying,  T::kRetrying,  T::kCancelled},
    {E::TasksCancelled,   T::kRunning,   T::kRunning,   T::kCancelled},  // it waits
    {E::TaskDeadLettered, T::kFailed,    T::kFailed,    T::kDeadLettered},
    {E::AttemptStarted,   T::kReady,     T::kReady,     T::kRunning},
    {E::AttemptFinished,  T::kRunning,   T::kRunning,   T::kCompleted},
    {E::AttemptFinished,  T::kRunning,   T::kRunning,   T::kRetrying},
    {E::AttemptFinished,  T::kRunning,   T::kRunning,   T::kPending},   // the next run
    {E::AttemptFinished,  T::kRunning,   T::kRunning,   T::kFailed},
    {E::AttemptFinished,  T::kRunning,   T::kRunning,   T::kCancelled},
    {E::RetriesWoken,     T::kRetrying,  T::kRetrying,  T::kReady},
    {E::RetriesWoken,     T::kPending,   T::kPending,   T::kReady},     // the next run
    {E::RunTimedOut,      T::kReady,     T::kReady,     T::kFailed},
};

// TasksReopened leads from one generation into the next; within one, none of its steps is in the tables.
inline constexpr Step<TaskState> kTaskReopened[] = {
    {E::TasksReopened,    T::kSkipped,      T::kSkipped,      T::kPending},
    {E::TasksReopened,    T::kCancelled,    T::kCancelled,    T::kPending},
    {E::TasksReopened,    T::kDeadLettered, T::kDeadLettered, T::kPending},
    {E::TasksReopened,    T::kCompleted,    T::kCompleted,    T::kPending},  // closing tasks
};
inline constexpr Step<RunState> kRunReopened[] = {
    {E::TasksReopened,    R::kFailed,    R::kFailed,    R::kScheduled},
    {E::TasksReopened,    R::kCanceled,  R::kCanceled,  R::kScheduled},
    {E::TasksReopened,    R::kCompleted, R::kCompleted, R::kScheduled},  // closing tasks
};
inline constexpr Step<ExecutionState> kExecutionReopened[] = {
    {E::TasksReopened,    X::kFailed,    X::kFailed,    X::kRunning},
    {E::TasksReopened,    X::kCancelled, X::kCancelled, X::kRunning},
};

inline constexpr Step<RunState> kRun[] = {
    {E::TasksReady,       R::kScheduled, R::kScheduled, R::kReady},
    {E::TasksSkipped,     R::kScheduled, R::kScheduled, R::kCanceled},
    {E::ExecutionFinishing, R::kScheduled, R::kScheduled, R::kCanceled},
    {E::TasksCancelled,   R::kScheduled, R::kScheduled, R::kCanceled},
    {E::TasksCancelled,   R::kReady,     R::kReady,     R::kCanceled},
    {E::TasksCancelled,   R::kRetryWait, R::kRetryWait, R::kCanceled},
    {E::TasksCancelled,   R::kRunning,   R::kRunning,   R::kCanceled},  // it waits
    {E::AttemptStarted,   R::kReady,     R::kLeased,    R::kRunning},
    {E::AttemptFinished,  R::kRunning,   R::kRunning,   R::kCompleted},
    {E::AttemptFinished,  R::kRunning,   R::kRunning,   R::kRetryWait},
    {E::AttemptFinished,  R::kRunning,   R::kRunning,   R::kFailed},
    {E::AttemptFinished,  R::kRunning,   R::kRunning,   R::kCanceled},
    {E::RetriesWoken,     R::kRetryWait, R::kRetryWait, R::kReady},
    {E::RetriesWoken,     R::kScheduled, R::kScheduled, R::kReady},
    {E::RunTimedOut,      R::kReady,     R::kReady,     R::kFailed},
};

// From one run of a task into its next: no step of one run.
inline constexpr Step<RunState> kRunAgain[] = {
    {E::AttemptFinished,  R::kRunning,   R::kCompleted, R::kScheduled},
};

inline constexpr Step<ExecutionState> kExecution[] = {
    {E::ExecutionEnded,   X::kRunning,   X::kFinishing, X::kCompleted},
    {E::ExecutionEnded,   X::kRunning,   X::kFinishing, X::kFailed},
    {E::ExecutionEnded,   X::kRunning,   X::kFinishing, X::kCancelled},
    {E::ExecutionFinishing, X::kRunning, X::kRunning,   X::kFinishing},
    {E::ExecutionEnded,   X::kFinishing, X::kFinishing, X::kCompleted},
    {E::ExecutionEnded,   X::kFinishing, X::kFinishing, X::kFailed},
    {E::ExecutionEnded,   X::kFinishing, X::kFinishing, X::kCancelled},
};
// clang-format on
}  // namespace steps

}  // namespace stet::core
