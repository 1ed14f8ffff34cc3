// Executions that tasks start: results and failures flow up, cancellation flows down.
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/core/waiting.h"
#include "tests/core/world.h"

namespace stet::core::child_test {
namespace {

using schema::AttemptOutcome;

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
    child_hash = w.Define(ChildWorkflow());
  }
  // An execution whose task has begun to wait for a child.
  RunRef StartParent(Task task = ChildTask("call", "child")) {
    task.name = "call";
    Workflow workflow = {.name = "parent",
                         .tasks = {task, {.name = "after", .activity = "a", .after = {"call"}}}};
    w.Start(w.Define(std::move(workflow)));
    return w.Begin();
  }
  Token token(RunRef run) { return w.slot(run).token(); }
  const Execution* ChildOfRun(RunRef run) {
    return ChildOf(w.state(), w.execution(run.execution), run.task);
  }
  uint64_t StartChildOf(RunRef run) {
    w.Must(StartChild{
        .run = run, .token = token(run), .workflow = child_hash, .input = {.bytes = "7"}});
    return ChildOfRun(run)->id;
  }
  std::vector<Effect::Kind> Wanted() {
    std::vector<Effect::Kind> kinds;
    for (const Effect& effect : Outstanding(w.state())) kinds.push_back(effect.kind);
    return kinds;
  }
  World w;
  WorkflowHash child_hash;
};
using Kinds = std::vector<Effect::Kind>;

TEST_SUITE_BEGIN("core::child");

TEST_CASE_FIXTURE(Fixture, "a child runs beside its parent, which gets its result") {
  const RunRef run = StartParent();
  CHECK_EQ(Wanted(), Kinds{Effect::Kind::kStartChild});
  const uint64_t child = StartChildOf(run);
  CHECK_EQ(w.execution(child).input.bytes, 1);
  CHECK(Wanted().empty());
  CHECK_EQ(w.Refused(StartChild{.run = run, .token = token(run), .workflow = child_hash}),
           Reason::kNotReady);
  const FinishChild finish = {.run = run, .token = token(run), .result = {.bytes = "[1]"}};
  CHECK_EQ(w.Refused(finish), Reason::kNotEnded);
  w.Crash();
  w.Open();
  w.Succeed(w.Begin());
  CHECK_EQ(w.execution(child).state, ExecutionState::kCompleted);
  CHECK_EQ(Wanted(), Kinds{Effect::Kind::kReadChild});
  w.Must(finish);
  CHECK_EQ(w.slot(run).output.bytes, 3);
  CHECK_EQ(w.task(run.execution, 1), TaskState::kReady);
  CHECK_EQ(w.Refused(finish), Reason::kAttemptFinishRequiresRunning);
}

TEST_CASE_FIXTURE(Fixture,
                  "a child that failed fails its task, which tries again with another one") {
  Task task = ChildTask("call", "child");
  task.retry = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Seconds(1))};
  const RunRef run = StartParent(task);
  const uint64_t first = StartChildOf(run);
  FinishAttempt bad = w.ReportOn(w.Begin(), AttemptOutcome::Failure);
  bad.retryable = false;
  w.Must(bad);
  CHECK_EQ(w.execution(first).state, ExecutionState::kFailed);
  w.Must(FinishChild{.run = run, .token = token(run)});
  CHECK_EQ(w.task(run.execution, 0), TaskState::kRetrying);
  w.now() += 2 * kSecond;
  w.Must(WakeRetry{.run = run});
  w.Begin();
  const uint64_t second = StartChildOf(run);
  CHECK_NE(w.execution(first).key, w.execution(second).key);
  w.Succeed(w.Begin());
  w.Must(FinishChild{.run = run, .token = token(run)});
  CHECK_EQ(w.task(run.execution, 0), TaskState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "cancellation flows down, and does not wait for the child") {
  const RunRef run = StartParent();
  const uint64_t child = StartChildOf(run);
  const RunRef work = w.Begin();
  w.Must(RequestCancel{.execution = run.execution});
  CHECK_EQ(w.execution(run.execution).state, ExecutionState::kCancelled);
  CHECK(w.execution(child).to_cancel);
  w.Crash();
  w.Open();
  CHECK(w.execution(child).to_cancel);
  w.Must(RequestCancel{.execution = child});
  CHECK_FALSE(w.execution(child).to_cancel);
  w.Settle();
  CHECK_EQ(w.execution(child).state, ExecutionState::kCancelled);
  CHECK_EQ(work.execution, child);
  CHECK(Wanted().empty());
}

TEST_CASE_FIXTURE(Fixture, "a task that gives up waiting cancels its child") {
  Task task = ChildTask("call", "child");
  task.timeout = absl::Seconds(3);
  const RunRef run = StartParent(task);
  const uint64_t child = StartChildOf(run);
  w.now() += 3 * kSecond;
  w.Must(EndWait{.run = run, .token = token(run)});
  CHECK_EQ(w.task(run.execution, 0), TaskState::kDeadLettered);
  CHECK_EQ(Wanted(), Kinds{Effect::Kind::kCancelChild});
  w.Must(RequestCancel{.execution = child});
  CHECK_EQ(w.execution(child).state, ExecutionState::kCancelled);
}

TEST_CASE_FIXTURE(Fixture, "a child is not purged before its parent has read its result") {
  const RunRef run = StartParent();
  const uint64_t child = StartChildOf(run);
  w.Succeed(w.Begin());
  const Purge purge = {.executions = std::span(&child, 1)};
  CHECK_EQ(w.Refused(purge), Reason::kWorkPending);
  w.Must(Retain{.count_max = 0, .seq_max = UINT64_MAX});
  CHECK_NE(w.state().FindExecution(child), nullptr);
  w.Must(FinishChild{.run = run, .token = token(run)});
  w.Must(purge);
  CHECK_EQ(w.state().FindExecution(child), nullptr);
  CHECK_EQ(w.task(run.execution, 0), TaskState::kCompleted);
}

TEST_CASE_FIXTURE(
    Fixture, "what cannot be started fails its task: a key that is taken, a nesting without end") {
  const RunRef run = StartParent();
  w.Start(child_hash, ChildKey(w.execution(run.execution), run.task));
  w.Must(StartChild{.run = run, .token = token(run), .workflow = child_hash});
  CHECK_EQ(w.task(run.execution, 0), TaskState::kDeadLettered);

  const WorkflowHash endless =
      w.Define({.name = "endless", .tasks = {ChildTask("deeper", "endless")}});
  RunRef deep = {.execution = w.Start(endless, "top"), .task = 0};
  size_t depth = 1;
  for (;; ++depth) {
    w.Must(StartAttempt{.run = deep});
    w.Must(StartChild{.run = deep, .token = token(deep), .workflow = endless});
    const Execution* child = ChildOfRun(deep);
    if (child == nullptr) break;
    deep.execution = child->id;
  }
  CHECK_EQ(depth, kChildDepthMax);
  CHECK_EQ(w.execution(deep.execution).state, ExecutionState::kFailed);
}

TEST_CASE_FIXTURE(Fixture,
                  "a child that is begun anew before its result was read is waited for again") {
  const RunRef run = StartParent();
  const uint64_t child = StartChildOf(run);
  FinishAttempt bad = w.ReportOn(w.Begin(), AttemptOutcome::Failure);
  bad.retryable = false;
  w.Must(bad);
  w.Must(Reopen{.execution = child});
  CHECK_EQ(w.Refused(FinishChild{.run = run, .token = token(run)}), Reason::kNotEnded);
  w.Settle();
  w.Succeed(w.Begin());
  w.Must(FinishChild{.run = run, .token = token(run), .result = {.bytes = "2"}});
  CHECK_EQ(w.task(run.execution, 0), TaskState::kCompleted);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::child_test
