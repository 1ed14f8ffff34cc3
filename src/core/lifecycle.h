// The three state machines as tables: every edge there is.
#pragma once

#include <array>
#include <cstddef>

#include "stet/state.h"

namespace stet::core {

template <class S>
struct Edge {
  S from;
  S to;
  friend constexpr bool operator==(const Edge&, const Edge&) = default;
};

// clang-format off
inline constexpr Edge<TaskState> kTaskEdges[] = {
    {TaskState::kPending,  TaskState::kReady},         // every parent completed
    {TaskState::kPending,  TaskState::kSkipped},       // a parent failed or was skipped
    {TaskState::kPending,  TaskState::kFailed},        // a deadline passed
    {TaskState::kPending,  TaskState::kCancelled},
    {TaskState::kReady,    TaskState::kRunning},       // its first attempt started
    {TaskState::kReady,    TaskState::kSkipped},
    {TaskState::kReady,    TaskState::kFailed},        // a deadline passed
    {TaskState::kReady,    TaskState::kCancelled},
    {TaskState::kRunning,  TaskState::kCompleted},
    {TaskState::kRunning,  TaskState::kFailed},        // its budget is used up, or the error is final
    {TaskState::kRunning,  TaskState::kRetrying},
    {TaskState::kRunning,  TaskState::kPending},       // its next run is scheduled
    {TaskState::kRunning,  TaskState::kCancelled},
    {TaskState::kRetrying, TaskState::kReady},         // its wake time came
    {TaskState::kRetrying, TaskState::kFailed},        // a deadline passed
    {TaskState::kRetrying, TaskState::kDeadLettered},
    {TaskState::kRetrying, TaskState::kCancelled},
    {TaskState::kFailed,   TaskState::kDeadLettered},
};

inline constexpr Edge<RunState> kRunEdges[] = {
    {RunState::kScheduled, RunState::kReady},
    {RunState::kScheduled, RunState::kFailed},
    {RunState::kScheduled, RunState::kCanceled},
    {RunState::kReady,     RunState::kLeased},
    {RunState::kReady,     RunState::kFailed},
    {RunState::kReady,     RunState::kCanceled},
    {RunState::kLeased,    RunState::kRunning},
    {RunState::kLeased,    RunState::kReady},          // released, or expired before it started
    {RunState::kLeased,    RunState::kCanceled},
    {RunState::kRunning,   RunState::kRetryWait},
    {RunState::kRunning,   RunState::kSuspended},
    {RunState::kRunning,   RunState::kCompleted},
    {RunState::kRunning,   RunState::kFailed},
    {RunState::kRunning,   RunState::kCanceled},
    {RunState::kRetryWait, RunState::kReady},
    {RunState::kRetryWait, RunState::kFailed},
    {RunState::kRetryWait, RunState::kCanceled},
    {RunState::kSuspended, RunState::kReady},
    {RunState::kSuspended, RunState::kFailed},
    {RunState::kSuspended, RunState::kCanceled},
};

inline constexpr Edge<ExecutionState> kExecutionEdges[] = {
    {ExecutionState::kRunning,   ExecutionState::kFinishing},  // every task is in a final state
    {ExecutionState::kFinishing, ExecutionState::kCompleted},
    {ExecutionState::kFinishing, ExecutionState::kFailed},
    {ExecutionState::kFinishing, ExecutionState::kCancelled},
};
// clang-format on

// [from][to]
template <class S, size_t N>
using Matrix = std::array<std::array<bool, N>, N>;

template <class S, size_t N, size_t E>
constexpr Matrix<S, N> MatrixOf(const Edge<S> (&edges)[E]) {
  Matrix<S, N> matrix = {};
  for (const Edge<S>& edge : edges) {
    matrix[static_cast<size_t>(edge.from)][static_cast<size_t>(edge.to)] = true;
  }
  return matrix;
}

inline constexpr auto kTaskMatrix = MatrixOf<TaskState, kTaskStateCount>(kTaskEdges);
inline constexpr auto kRunMatrix = MatrixOf<RunState, kRunStateCount>(kRunEdges);
inline constexpr auto kExecutionMatrix =
    MatrixOf<ExecutionState, kExecutionStateCount>(kExecutionEdges);

// Between generations: the tasks that TasksReopened moves back to Pending, and nothing else does.
constexpr bool CanReopen(TaskState state) {
  return state == TaskState::kFailed || state == TaskState::kSkipped ||
         state == TaskState::kCancelled || state == TaskState::kDeadLettered;
}

}  // namespace stet::core
