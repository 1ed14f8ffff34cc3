// Every cell of the three lifecycle tables, and what each event type may move.
#include "core/lifecycle.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/transitions.h"

namespace stet::core::lifecycle_test {
namespace {

// The tables once more, as the specification words them: from, then all that it may become.
using Words = std::vector<std::vector<std::string>>;

const Words kTask = {
    {"pending", "ready", "skipped", "failed", "cancelled"},
    {"ready", "running", "skipped", "failed", "cancelled"},
    {"running", "pending", "completed", "failed", "retrying", "cancelled"},
    {"retrying", "ready", "failed", "dead_lettered", "cancelled"},
    {"failed", "dead_lettered"},
    {"completed"},
    {"skipped"},
    {"cancelled"},
    {"dead_lettered"},
};

const Words kRun = {
    {"scheduled", "ready", "failed", "canceled"},
    {"ready", "leased", "failed", "canceled"},
    {"leased", "running", "ready", "canceled"},
    {"running", "retry_wait", "suspended", "completed", "failed", "canceled"},
    {"retry_wait", "ready", "failed", "canceled"},
    {"suspended", "ready", "failed", "canceled"},
    {"completed"},
    {"failed"},
    {"canceled"},
};

const Words kExecution = {
    {"running", "finishing"},
    {"finishing", "completed", "failed", "cancelled"},
    {"completed"},
    {"failed"},
    {"cancelled"},
};

template <class S>
void CheckEveryCell(const Words& words, size_t states) {
  CHECK_EQ(words.size(), states);
  size_t cells = 0;
  for (const auto& row : words) {
    for (size_t to = 0; to < states; ++to) {
      for (size_t from = 0; from < states; ++from) {
        if (ToString(static_cast<S>(from)) != row[0]) continue;
        const std::string to_name(ToString(static_cast<S>(to)));
        const bool expected = std::find(row.begin() + 1, row.end(), to_name) != row.end();
        CAPTURE(row[0]);
        CAPTURE(to_name);
        CHECK_EQ(CanMove(static_cast<S>(from), static_cast<S>(to)), expected);
        ++cells;
      }
    }
  }
  CHECK_EQ(cells, states * states);
}

// Every state but the first can be entered.
template <class S>
void CheckReachable(size_t states) {
  for (size_t to = 1; to < states; ++to) {
    bool reachable = false;
    for (size_t from = 0; from < states; ++from) {
      reachable = reachable || CanMove(static_cast<S>(from), static_cast<S>(to));
    }
    CHECK(reachable);
  }
}

template <class S, size_t N>
void CheckSteps(const Step<S> (&steps)[N]) {
  for (const Step<S>& step : steps) {
    CAPTURE(schema::ToString(step.event));
    if (step.via == step.from) {
      CHECK(CanMove(step.from, step.to));
    } else {
      CHECK(CanMove(step.from, step.via));
      CHECK(CanMove(step.via, step.to));
    }
  }
}

TEST_SUITE_BEGIN("core::lifecycle");

TEST_CASE("all 81 cells of the task table are as specified") {
  CheckEveryCell<TaskState>(kTask, kTaskStateCount);
  CheckReachable<TaskState>(kTaskStateCount);
}

TEST_CASE("all 81 cells of the run table are as specified") {
  CheckEveryCell<RunState>(kRun, kRunStateCount);
  CheckReachable<RunState>(kRunStateCount);
}

TEST_CASE("all 25 cells of the execution table are as specified") {
  CheckEveryCell<ExecutionState>(kExecution, kExecutionStateCount);
  CheckReachable<ExecutionState>(kExecutionStateCount);
}

TEST_CASE("values outside an enumeration move nowhere and have no name") {
  const auto wild = static_cast<TaskState>(200);
  CHECK_FALSE(CanMove(wild, TaskState::kReady));
  CHECK_FALSE(CanMove(TaskState::kPending, wild));
  CHECK_EQ(ToString(wild), "unknown");
}

TEST_CASE("final, success and failure are what their names say") {
  using enum TaskState;
  for (const TaskState state : {kCompleted, kFailed, kSkipped, kCancelled, kDeadLettered}) {
    CHECK(IsTerminal(state));
  }
  for (const TaskState state : {kPending, kReady, kRunning, kRetrying}) {
    CHECK_FALSE(IsTerminal(state));
  }
  CHECK(IsSuccess(kCompleted));
  CHECK_FALSE(IsSuccess(kSkipped));
  CHECK(IsFailure(kFailed));
  CHECK(IsFailure(kDeadLettered));
  CHECK_FALSE(IsFailure(kCancelled));
  CHECK(IsTerminal(RunState::kCanceled));
  CHECK_FALSE(IsTerminal(RunState::kSuspended));
  CHECK_FALSE(IsTerminal(ExecutionState::kFinishing));
}

TEST_CASE("names lead back to their states") {
  for (size_t i = 0; i < kTaskStateCount; ++i) {
    CHECK_EQ(TaskStateFrom(ToString(static_cast<TaskState>(i))), static_cast<TaskState>(i));
  }
  for (size_t i = 0; i < kRunStateCount; ++i) {
    CHECK_EQ(RunStateFrom(ToString(static_cast<RunState>(i))), static_cast<RunState>(i));
  }
  for (size_t i = 0; i < kExecutionStateCount; ++i) {
    const auto state = static_cast<ExecutionState>(i);
    CHECK_EQ(ExecutionStateFrom(ToString(state)), state);
  }
  CHECK_FALSE(TaskStateFrom("Ready").has_value());
}

TEST_CASE("the tables print as Graphviz") {
  const std::string text = TaskStateGraph();
  CHECK(text.starts_with("digraph task {"));
  CHECK_NE(text.find("  running -> retrying;\n"), std::string::npos);
  CHECK_NE(text.find("  completed [shape=doublecircle];\n"), std::string::npos);
  CHECK_EQ(text.find("completed ->"), std::string::npos);
  CHECK_NE(RunStateGraph().find("  running -> retry_wait;\n"), std::string::npos);
  CHECK_NE(ExecutionStateGraph().find("  running -> finishing;\n"), std::string::npos);
}

TEST_CASE("each event type makes legal transitions only") {
  CheckSteps(steps::kTask);
  CheckSteps(steps::kRun);
  CheckSteps(steps::kExecution);
}

// Which of a machine's states the rows leave, and that each row crosses what no edge does.
template <class S, size_t N>
std::set<std::string> LeftBy(const Step<S> (&steps)[N]) {
  std::set<std::string> left;
  for (const Step<S>& step : steps) {
    CHECK_EQ(step.event, schema::EventType::TasksReopened);
    CHECK_FALSE(CanMove(step.from, step.to));
    CHECK(IsTerminal(step.from));
    left.insert(std::string(ToString(step.from)));
  }
  return left;
}

TEST_CASE(
    "only TasksReopened leads out of final states, and out of completed what closes an execution") {
  for (size_t i = 0; i < kTaskStateCount; ++i) {
    const auto state = static_cast<TaskState>(i);
    CAPTURE(ToString(state));
    CHECK_EQ(CanReopen(state), IsTerminal(state) && !IsSuccess(state));
  }
  // A task is failed for the length of a group only: it goes on to its dead letter at once.
  CHECK_EQ(LeftBy(steps::kTaskReopened),
           std::set<std::string>{"skipped", "cancelled", "dead_lettered", "completed"});
  CHECK_EQ(LeftBy(steps::kRunReopened), std::set<std::string>{"failed", "canceled", "completed"});
  CHECK_EQ(LeftBy(steps::kExecutionReopened), std::set<std::string>{"failed", "cancelled"});
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::lifecycle_test
