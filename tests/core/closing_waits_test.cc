// The end of executions whose tasks wait: timers, signals, children.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/core/waiting.h"
#include "tests/core/world.h"

namespace stet::core::closing_waits_test {
namespace {

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
  }
  uint64_t Start(std::vector<Task> tasks) {
    return w.Start(w.Define(Workflow{.name = "w", .tasks = std::move(tasks)}));
  }
  // Runs what is ready until nothing is; `failing` fails.  The names, in order of start.
  std::string RunAll(std::string_view failing = "") {
    std::string ran;
    w.Settle();
    while (NextReady(w.state()).has_value()) {
      const RunRef run = w.Begin();
      const std::string_view name = w.execution(run.execution).definition->task_name(run.task);
      ran += std::string(name) + " ";
      if (!w.slot(run).waits && w.slot(run).state == TaskState::kRunning) {
        name == failing ? w.Fail(run) : w.Succeed(run);
      }
      w.Settle();
    }
    return ran;
  }
  World w;
};

TEST_SUITE_BEGIN("core::closing_waits");

TEST_CASE_FIXTURE(Fixture, "a wait is cancelled at once, and what closes the execution runs") {
  std::vector<Task> tasks = {TimerOf("sleep", absl::Hours(1)), EventOf("wait", "go"),
                             Named("tell")};
  tasks[2].trigger = Trigger::kCancel;
  const uint64_t id = Start(tasks);
  CHECK_EQ(RunAll(), "sleep wait ");
  w.Must(RequestCancel{.execution = id});
  CHECK_EQ(w.execution(id).state, ExecutionState::kFinishing);
  CHECK_EQ(w.Refused(SendSignal{.execution = id, .name = "go"}), Reason::kFinishing);
  CHECK_EQ(RunAll(), "tell ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
}

TEST_CASE_FIXTURE(Fixture, "a delayed execution that is cancelled cleans up") {
  std::vector<Task> tasks = {Named("work"), Named("tell")};
  tasks[1].trigger = Trigger::kExit;
  const WorkflowHash hash = w.Define(Workflow{.name = "w", .tasks = tasks});
  w.Must(StartExecution{.workflow = hash, .key = "k", .start_at = w.now() + kSecond});
  const uint64_t id = w.state().FindExecutionByKey("k")->id;
  CHECK_FALSE(HasBacklog(w.state(), id));
  w.Must(RequestCancel{.execution = id});
  CHECK_EQ(RunAll(), "tell ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
}

TEST_CASE_FIXTURE(Fixture, "a wait that has ended is undone in its turn, however old its signal") {
  std::vector<Task> tasks = {Named("first"), EventOf("wait", "go", std::nullopt, {"first"}),
                             Named("bad", {"wait"})};
  tasks[0].compensate = "undo";
  tasks[1].compensate = "undo";
  const uint64_t id = Start(tasks);
  w.Must(SendSignal{.execution = id, .name = "go", .payload = {.bytes = "1"}});
  CHECK_EQ(RunAll("bad"), "first wait bad compensate:wait compensate:first ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
}

TEST_CASE_FIXTURE(Fixture, "a wait can be passed by, and one that times out is cleaned up after") {
  std::vector<Task> tasks = {Named("if"), TimerOf("nap", absl::Seconds(1), {"if"}),
                             EventOf("wait", "go", absl::Seconds(5), {"if"}), Named("tell")};
  tasks[0].kind = ConditionalTask{.then = {"wait"}, .otherwise = {"nap"}};
  tasks[3].trigger = Trigger::kFailure;
  const uint64_t id = Start(tasks);
  CHECK_EQ(RunAll(), "if wait ");
  CHECK_EQ(w.execution(id).tasks[1].skip, schema::SkipCause::Branch);
  w.now() += 5 * kSecond;
  w.Must(EndWait{.run = {.execution = id, .task = 2},
                 .token = w.slot({.execution = id, .task = 2}).token()});
  CHECK_EQ(RunAll(), "tell ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
}

TEST_CASE_FIXTURE(Fixture, "a child that finishes is let finish when its parent is cancelled") {
  Workflow inner = {.name = "inner", .tasks = {Named("step"), Named("tidy")}};
  inner.tasks[1].trigger = Trigger::kExit;
  const WorkflowHash child_hash = w.Define(inner);
  const uint64_t parent = Start({ChildTask("call", "inner")});
  (void)RunAll();
  DriveWaits(w, child_hash);
  const uint64_t child = w.state().executions().back()->id;
  REQUIRE_NE(child, parent);
  CHECK_EQ(w.execution(child).count(TaskState::kReady), 1);
  w.Succeed(w.Begin());
  w.Settle();
  CHECK_EQ(w.execution(child).state, ExecutionState::kFinishing);
  w.Must(RequestCancel{.execution = parent});
  CHECK_FALSE(w.execution(child).to_cancel);
  CHECK_EQ(w.execution(parent).state, ExecutionState::kCancelled);
  CHECK_EQ(RunAll(), "tidy ");
  CHECK_EQ(w.execution(child).state, ExecutionState::kCompleted);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::closing_waits_test
