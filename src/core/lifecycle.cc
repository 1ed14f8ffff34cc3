// Questions to the lifecycle tables, names of states, and the tables as pictures.
#include "core/lifecycle.h"

#include <string>

#include <fmt/format.h>

#include "stet/state.h"

namespace stet {
namespace {

using core::Edge;

constexpr std::string_view kTaskNames[kTaskStateCount] = {"pending",  "ready",     "running",
                                                          "retrying", "completed", "failed",
                                                          "skipped",  "cancelled", "dead_lettered"};
constexpr std::string_view kRunNames[kRunStateCount] = {"scheduled", "ready",      "leased",
                                                        "running",   "retry_wait", "suspended",
                                                        "completed", "failed",     "canceled"};
constexpr std::string_view kExecutionNames[kExecutionStateCount] = {
    "running", "finishing", "completed", "failed", "cancelled"};

constexpr std::string_view kSkipCauses[kSkipCauseCount] = {"upstream", "branch", "trigger"};

template <class S, size_t N>
constexpr bool Has(const core::Matrix<S, N>& matrix, S from, S to) {
  const auto row = static_cast<size_t>(from);
  const auto column = static_cast<size_t>(to);
  return row < N && column < N && matrix[row][column];
}

template <size_t N>
constexpr std::string_view Name(const std::string_view (&names)[N], size_t index) {
  return index < N ? names[index] : "unknown";
}

template <class S, size_t N>
std::optional<S> From(const std::string_view (&names)[N], std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<S>(i);
  }
  return std::nullopt;
}

template <size_t N, class S, size_t E>
std::string Graph(std::string_view title, const Edge<S> (&edges)[E]) {
  std::string text = fmt::format("digraph {} {{\n  rankdir=LR;\n", title);
  for (size_t i = 0; i < N; ++i) {
    const auto state = static_cast<S>(i);
    text += fmt::format("  {} [shape={}];\n", ToString(state),
                        IsTerminal(state) ? "doublecircle" : "circle");
  }
  for (const Edge<S>& edge : edges) {
    text += fmt::format("  {} -> {};\n", ToString(edge.from), ToString(edge.to));
  }
  return text + "}\n";
}

// A final state has no exit.  Failed has one, to DeadLettered, and is final all the same: what follows is bookkeeping.
template <class S, size_t N>
constexpr bool NoExit(const core::Matrix<S, N>& matrix, S from) {
  for (size_t to = 0; to < N; ++to) {
    if (matrix[static_cast<size_t>(from)][to]) return false;
  }
  return true;
}
static_assert(NoExit(core::kTaskMatrix, TaskState::kCompleted));
static_assert(NoExit(core::kTaskMatrix, TaskState::kSkipped));
static_assert(NoExit(core::kTaskMatrix, TaskState::kCancelled));
static_assert(NoExit(core::kTaskMatrix, TaskState::kDeadLettered));
static_assert(NoExit(core::kRunMatrix, RunState::kCompleted));
static_assert(NoExit(core::kRunMatrix, RunState::kFailed));
static_assert(NoExit(core::kRunMatrix, RunState::kCanceled));

}  // namespace

bool CanMove(TaskState from, TaskState to) { return Has(core::kTaskMatrix, from, to); }
bool CanMove(RunState from, RunState to) { return Has(core::kRunMatrix, from, to); }
bool CanMove(ExecutionState from, ExecutionState to) {
  return Has(core::kExecutionMatrix, from, to);
}

bool IsTerminal(TaskState state) {
  return state == TaskState::kCompleted || state == TaskState::kSkipped ||
         state == TaskState::kCancelled || IsFailure(state);
}
bool IsTerminal(RunState state) {
  return state == RunState::kCompleted || state == RunState::kFailed ||
         state == RunState::kCanceled;
}
bool IsTerminal(ExecutionState state) {
  return state != ExecutionState::kRunning && state != ExecutionState::kFinishing;
}
bool IsSuccess(TaskState state) { return state == TaskState::kCompleted; }
bool IsFailure(TaskState state) {
  return state == TaskState::kFailed || state == TaskState::kDeadLettered;
}

std::string_view ToString(TaskState state) { return Name(kTaskNames, static_cast<size_t>(state)); }
std::string_view ToString(RunState state) { return Name(kRunNames, static_cast<size_t>(state)); }
std::string_view ToString(ExecutionState state) {
  return Name(kExecutionNames, static_cast<size_t>(state));
}

std::string_view ToString(SkipCause cause) { return Name(kSkipCauses, static_cast<size_t>(cause)); }

std::optional<TaskState> TaskStateFrom(std::string_view name) {
  return From<TaskState>(kTaskNames, name);
}
std::optional<RunState> RunStateFrom(std::string_view name) {
  return From<RunState>(kRunNames, name);
}
std::optional<ExecutionState> ExecutionStateFrom(std::string_view name) {
  return From<ExecutionState>(kExecutionNames, name);
}

std::string TaskStateGraph() { return Graph<kTaskStateCount>("task", core::kTaskEdges); }
std::string RunStateGraph() { return Graph<kRunStateCount>("run", core::kRunEdges); }
std::string ExecutionStateGraph() {
  return Graph<kExecutionStateCount>("execution", core::kExecutionEdges);
}

}  // namespace stet
