// The states of executions, tasks and runs, and the moves between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace stet {

// One node of a workflow inside an execution.
enum class TaskState : uint8_t {
  kPending,
  kReady,
  kRunning,
  kRetrying,
  kCompleted,
  kFailed,
  kSkipped,
  kCancelled,
  kDeadLettered
};
inline constexpr size_t kTaskStateCount = 9;

// One scheduled occurrence of a task.
enum class RunState : uint8_t {
  kScheduled,
  kReady,
  kLeased,
  kRunning,
  kRetryWait,
  kSuspended,
  kCompleted,
  kFailed,
  kCanceled
};
inline constexpr size_t kRunStateCount = 9;

// Why a task is Skipped.
enum class SkipCause : uint8_t {
  kUpstream,  // one that it depends on failed, or was skipped for that
  kBranch,    // a conditional task took the other branch, or all that it depends on was skipped so
  kTrigger,   // it would close the execution after another end than it came to
};
inline constexpr size_t kSkipCauseCount = 3;

enum class ExecutionState : uint8_t { kRunning, kFinishing, kCompleted, kFailed, kCancelled };
inline constexpr size_t kExecutionStateCount = 5;

// Whether the table of the machine has the edge.  Self-transitions are never allowed.
bool CanMove(TaskState from, TaskState to);
bool CanMove(RunState from, RunState to);
bool CanMove(ExecutionState from, ExecutionState to);

// No exit within a generation.
bool IsTerminal(TaskState state);
bool IsTerminal(RunState state);
bool IsTerminal(ExecutionState state);
bool IsSuccess(TaskState state);  // Completed
bool IsFailure(TaskState state);  // Failed or DeadLettered

// Wire names: snake_case, as in JSON, dumps and metrics ("dead_lettered").
std::string_view ToString(TaskState state);
std::string_view ToString(RunState state);
std::string_view ToString(ExecutionState state);
std::string_view ToString(SkipCause cause);

std::optional<TaskState> TaskStateFrom(std::string_view name);
std::optional<RunState> RunStateFrom(std::string_view name);
std::optional<ExecutionState> ExecutionStateFrom(std::string_view name);

// The three tables as Graphviz: "digraph task { ... }".
std::string TaskStateGraph();
std::string RunStateGraph();
std::string ExecutionStateGraph();

}  // namespace stet

#pragma GCC visibility pop
