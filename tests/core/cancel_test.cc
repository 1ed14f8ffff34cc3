// Cancellation: durable, cooperative, in parts.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/core/world.h"

namespace stet::core::cancel_test {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

// Two roots, each with a chain of two behind it.
Workflow Forked() {
  return {.name = "forked",
          .tasks = {Named("a"), Named("a2", {"a"}), Named("a3", {"a2"}), Named("b"),
                    Named("b2", {"b"}), Named("b3", {"b2"})}};
}

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
  }
  World w;
};

TEST_SUITE_BEGIN("core::cancel");

TEST_CASE_FIXTURE(Fixture, "what waits is cancelled at once, what runs is told to stop") {
  const uint64_t id = w.Start(w.Define(Forked()));
  const RunRef a = w.Begin();
  w.Must(RequestCancel{.execution = id});
  CHECK_EQ(w.group(), std::vector{EventType::CancelRequested, EventType::TasksCancelled});
  CHECK_EQ(w.execution(id).count(TaskState::kCancelled), 5);
  CHECK_EQ(w.execution(id).state, ExecutionState::kRunning);
  const Effects effects = Outstanding(w.state());
  REQUIRE_EQ(effects.size(), 2);
  CHECK_EQ(effects[1].kind, Effect::Kind::kStopAttempt);
  CHECK_EQ(effects[1].token, w.slot(a).token());
  CHECK_FALSE(NextReady(w.state()).has_value());
  w.Must(w.ReportOn(a, AttemptOutcome::Cancelled));
  CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
}

TEST_CASE_FIXTURE(Fixture, "an attempt that still succeeds keeps its result, nothing follows it") {
  const uint64_t id = w.Start(w.Define(Forked()));
  const RunRef a = w.Begin();
  w.Must(RequestCancel{.execution = id});
  w.Succeed(a);
  CHECK_EQ(w.task(id, 0), TaskState::kCompleted);
  CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
}

TEST_CASE_FIXTURE(Fixture, "if all tasks completed all the same, so did the execution") {
  const uint64_t id = w.Start(w.Define(Workflow{.name = "w", .tasks = {Named("a")}}));
  const RunRef a = w.Begin();
  w.Must(RequestCancel{.execution = id});
  w.Succeed(a);
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "after a request nothing is retried, whatever the budget") {
  Workflow workflow = {.name = "w", .tasks = {Named("a")}};
  workflow.tasks[0].retry.max_attempts = 5;
  for (const AttemptOutcome outcome :
       {AttemptOutcome::Failure, AttemptOutcome::Timeout, AttemptOutcome::Lost,
        AttemptOutcome::Interrupted, AttemptOutcome::Cancelled}) {
    const std::string key(schema::ToString(outcome));
    const uint64_t id = w.Start(w.Define(workflow), key);
    const RunRef a = w.Begin();
    w.Must(RequestCancel{.execution = id});
    w.Must(w.ReportOn(a, outcome));
    CHECK_EQ(w.task(id, 0), TaskState::kCancelled);
    CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
  }
  CHECK(w.state().dead_letters().empty());
}

TEST_CASE_FIXTURE(Fixture, "a second request and a request after the end are refused") {
  const uint64_t id = w.Start(w.Define(Forked()));
  const RunRef a = w.Begin();
  w.Must(RequestCancel{.execution = id});
  CHECK_EQ(w.Refused(RequestCancel{.execution = id}), Reason::kAlreadyCancelled);
  CHECK_EQ(w.Refused(StartAttempt{.run = {.execution = id, .task = 3}}), Reason::kAlreadyCancelled);
  CHECK_EQ(w.Refused(WakeRetry{.run = {.execution = id, .task = 3}}), Reason::kAlreadyCancelled);
  w.Succeed(a);
  const absl::Status status = w.Do(RequestCancel{.execution = id});
  CHECK_EQ(ReasonOf(status), Reason::kExecutionEnded);
  CHECK_EQ(ReasonField(status, "state"), "cancelled");
  CHECK_EQ(w.Refused(StartAttempt{.run = {.execution = id, .task = 3}}), Reason::kExecutionEnded);
}

TEST_CASE_FIXTURE(Fixture, "a late report after the end is refused, and the engine goes on") {
  const uint64_t id = w.Start(w.Define(Forked()));
  const RunRef a = w.Begin();
  const FinishAttempt report = w.ReportOn(a, AttemptOutcome::Success);
  w.Must(RequestCancel{.execution = id});
  w.Must(w.ReportOn(a, AttemptOutcome::Cancelled));
  CHECK_EQ(w.Refused(report), Reason::kAttemptFinishRequiresRunning);
  w.Start(w.Define(Forked()), "next");
  w.Succeed(w.Begin());
}

TEST_CASE_FIXTURE(Fixture, "a running attempt of a dead process ends cancelled") {
  const uint64_t id = w.Start(w.Define(Forked()));
  w.Begin();
  w.Must(RequestCancel{.execution = id});
  w.Crash();
  w.Open();
  w.Settle();
  CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
}

// Runs `steps` steps of a run in which one task fails and is retried and another fails for good, then cancels.
void CancelAfter(uint32_t steps, uint32_t part, bool crash) {
  World w(DecideOptions{.part_tasks = part});
  w.CompareAlways();
  w.Open();
  Workflow workflow = Forked();
  workflow.tasks[1].retry.max_attempts = 2;
  const uint64_t id = w.Start(w.Define(workflow));
  for (uint32_t i = 0; i < steps && w.state().live_executions() > 0; ++i) {
    if (HasBacklog(w.state(), id)) {
      w.Must(Continue{.execution = id});
      continue;
    }
    const auto run = NextReady(w.state());
    if (i % 2 == 0 && run.has_value()) {
      w.Must(StartAttempt{.run = *run});
      continue;
    }
    for (uint32_t task = 0; task < 6; ++task) {
      if (w.task(id, task) != TaskState::kRunning) continue;
      const RunRef running = {.execution = id, .task = task};
      if (task == 1 || task == 4) {
        w.Fail(running);
      } else {
        w.Succeed(running);
      }
      break;
    }
  }
  if (w.state().live_executions() == 0) return;
  w.Must(RequestCancel{.execution = id});
  if (crash) {
    w.Crash();
    w.Open();
  }
  w.Settle();
  for (uint32_t task = 0; task < 6; ++task) {
    if (w.task(id, task) == TaskState::kRunning) {
      w.Must(w.ReportOn({.execution = id, .task = task}, AttemptOutcome::Cancelled));
    }
  }
  CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
  CHECK_EQ(w.execution(id).open(), 0);
}

TEST_CASE("an execution can be cancelled at any moment, in parts of any size") {
  for (uint32_t steps = 0; steps < 14; ++steps) {
    for (uint32_t part = 1; part <= 7; ++part) {
      CAPTURE(steps);
      CAPTURE(part);
      CancelAfter(steps, part, false);
      CancelAfter(steps, part, true);
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::cancel_test
