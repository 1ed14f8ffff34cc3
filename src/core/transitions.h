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
    {E::TasksCancelled,   T::kPending,   T::kPending,   T::kCancelled},
    {E::TasksCancelled,   T::kReady,     T::kReady,     T::kCancelled},
    {E::TasksCancelled,   T::kRetrying,  T::kRetrying,  T::kCancelled},
    {E::TaskDeadLettered, T::kFailed,    T::kFailed,    T::kDeadLettered},
    {E::AttemptStarted,   T::kReady,     T::kReady,     T::kRunning},
    {E::AttemptFinished,  T::kRunning,   T::kRunning,   T::kCompleted},
    {E::AttemptFinished,  T::kRunning,   T::kRunning,   T::kRetrying},
    {E::AttemptFinished,  T::kRunning,   T::kRunning,   T::kFailed},
    {E::AttemptFinished,  T::kRunning,   T::kRunning,   T::kCancelled},
    {E::RetriesWoken,     T::kRetrying,  T::kRetrying,  T::kReady},
};

inline constexpr Step<RunState> kRun[] = {
    {E::TasksReady,       R::kScheduled, R::kScheduled, R::kReady},
    {E::TasksSkipped,     R::kScheduled, R::kScheduled, R::kCanceled},
    {E::TasksCancelled,   R::kScheduled, R::kScheduled, R::kCanceled},
    {E::TasksCancelled,   R::kReady,     R::kReady,     R::kCanceled},
    {E::TasksCancelled,   R::kRetryWait, R::kRetryWait, R::kCanceled},
    {E::AttemptStarted,   R::kReady,     R::kLeased,    R::kRunning},
    {E::AttemptFinished,  R::kRunning,   R::kRunning,   R::kCompleted},
    {E::AttemptFinished,  R::kRunning,   R::kRunning,   R::kRetryWait},
    {E::AttemptFinished,  R::kRunning,   R::kRunning,   R::kFailed},
    {E::AttemptFinished,  R::kRunning,   R::kRunning,   R::kCanceled},
    {E::RetriesWoken,     R::kRetryWait, R::kRetryWait, R::kReady},
};

inline constexpr Step<ExecutionState> kExecution[] = {
    {E::ExecutionEnded,   X::kRunning,   X::kFinishing, X::kCompleted},
    {E::ExecutionEnded,   X::kRunning,   X::kFinishing, X::kFailed},
    {E::ExecutionEnded,   X::kRunning,   X::kFinishing, X::kCancelled},
};
// clang-format on
}  // namespace steps

}  // namespace stet::core
