// Limits of time: of waiting for a worker, of an attempt, of a run with all its retries, of silence.
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/why.h"
#include "schema/parse.h"
#include "tests/core/world.h"

namespace stet::core::timeouts_test {
namespace {

using schema::AttemptOutcome;
using schema::EventType;
using schema::FailureKind;
using schema::TimeoutKind;

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
  }
  // One task with these limits, tried up to five times a second apart, and one that depends on it.
  void Start(Timeouts timeouts, std::optional<absl::Duration> retry_deadline = std::nullopt) {
    Workflow workflow = {.name = "w"};
    workflow.tasks = {{.name = "t", .activity = "a"},
                      {.name = "after", .activity = "a", .after = {"t"}}};
    workflow.tasks[0].retry = {.max_attempts = 5, .backoff = Backoff::Fixed(absl::Seconds(1))};
    workflow.tasks[0].retry.deadline = retry_deadline;
    workflow.tasks[0].timeouts = timeouts;
    run.execution = w.Start(w.Define(workflow));
    started_at = w.now();
  }
  void Wake() {
    w.now() = w.slot(run).due_at;
    w.Must(WakeRetry{.run = run});
  }
  // The timer that Outstanding names for the ready run; 0: none.
  int64_t RunTimer() {
    for (const Effect& effect : Outstanding(w.state())) {
      if (effect.kind == Effect::Kind::kRunTimer) return effect.at_ns;
    }
    return 0;
  }
  // How the last attempt that ended is told in the log.
  TimeoutKind LastTimeout() {
    TimeoutKind kind = TimeoutKind::StartToClose;
    for (const Stored& event : w.log()) {
      if (event.event_type() != EventType::AttemptFinished) continue;
      kind = (*schema::Parse<fb::AttemptFinished>(event.bytes))->timeout();
    }
    return kind;
  }
  void CheckFailed() {
    CHECK_EQ(w.task(run.execution, 0), TaskState::kDeadLettered);
    CHECK_EQ(w.task(run.execution, 1), TaskState::kSkipped);
    CHECK_EQ(w.slot(run).failure, FailureKind::DeadlinePassed);
    CHECK_EQ(w.execution(run.execution).state, ExecutionState::kFailed);
    CHECK_EQ(w.state().dead_letters().size(), 1);
  }
  World w;
  RunRef run = {};
  int64_t started_at = 0;
};

TEST_SUITE_BEGIN("core::timeouts");

TEST_CASE_FIXTURE(Fixture, "a run that no worker takes in time fails") {
  Start({.schedule_to_start = absl::Seconds(10)});
  CHECK_EQ(RunTimer(), started_at + 10 * kSecond);
  w.now() = started_at + 10 * kSecond - 1;
  CHECK_EQ(w.Refused(TimeoutRun{.run = run}), Reason::kNotDue);
  w.now() += 1;
  w.Must(TimeoutRun{.run = run});
  CHECK_EQ(w.group(), std::vector{EventType::RunTimedOut, EventType::TaskDeadLettered,
                                  EventType::TasksSkipped, EventType::ExecutionEnded});
  CheckFailed();
  CHECK_EQ(w.slot(run).attempts, 0);
  CHECK_EQ(w.Refused(TimeoutRun{.run = run}), Reason::kExecutionEnded);
  // Begun anew it has all of its time again.
  w.now() += kSecond;
  w.Must(Reopen{.execution = run.execution});
  w.Settle();
  CHECK_EQ(RunTimer(), w.now() + 10 * kSecond);
}

TEST_CASE_FIXTURE(Fixture,
                  "a run that has started in time is not disturbed, and waits anew for its retry") {
  Start({.schedule_to_start = absl::Seconds(10)});
  w.Begin();
  w.now() += 20 * kSecond;
  CHECK_EQ(w.Refused(TimeoutRun{.run = run}), Reason::kNotReady);
  w.Fail(run);
  Wake();
  CHECK_EQ(RunTimer(), w.now() + 10 * kSecond);
}

TEST_CASE_FIXTURE(Fixture, "a run has to end in time, with all of its retries") {
  Start({.schedule_to_close = absl::Seconds(10)});
  const int64_t close_by = started_at + 10 * kSecond;
  w.now() += 3 * kSecond;
  w.Begin();
  CHECK_EQ(w.slot(run).due_at, close_by);
  w.Fail(run);
  Wake();
  CHECK_EQ(RunTimer(), close_by);
  w.Begin();
  w.now() = close_by;
  w.Must(TimeoutAttempt{.run = run, .token = w.slot(run).token()});
  CHECK_EQ(LastTimeout(), TimeoutKind::ScheduleToClose);
  CheckFailed();
  CHECK_EQ(w.execution(run.execution).notes.Find(0), nullptr);
}

TEST_CASE_FIXTURE(Fixture, "a retry that could not begin in time is not waited for") {
  Start({.schedule_to_close = absl::Seconds(10)});
  w.Begin();
  w.now() = started_at + 9 * kSecond;
  w.Fail(run);
  CheckFailed();
}

TEST_CASE_FIXTURE(Fixture, "a ready run ends at its schedule-to-close, and starts no more") {
  Start({.schedule_to_close = absl::Seconds(10)});
  w.now() = started_at + 10 * kSecond;
  CHECK_EQ(w.Refused(StartAttempt{.run = run}), Reason::kNotReady);
  w.Must(TimeoutRun{.run = run});
  CheckFailed();
}

TEST_CASE_FIXTURE(Fixture, "limits survive a crash, and a lost attempt does not stretch them") {
  Start({.schedule_to_close = absl::Seconds(10)});
  w.Begin();
  w.Crash();
  w.now() += 9 * kSecond;
  w.Open();
  w.Settle();
  Wake();
  CHECK_EQ(RunTimer(), started_at + 10 * kSecond);
}

TEST_CASE_FIXTURE(Fixture, "silence ends an attempt, which is retried") {
  Start({.heartbeat = absl::Seconds(2)});
  w.Begin();
  w.Must(TimeoutAttempt{.run = run, .token = w.slot(run).token(), .heartbeat = true});
  CHECK_EQ(LastTimeout(), TimeoutKind::Heartbeat);
  CHECK_EQ(w.task(run.execution, 0), TaskState::kRetrying);
  Wake();
  w.Begin();
  // The attempt before it is nobody by now.
  CHECK_EQ(
      w.Refused(TimeoutAttempt{.run = run, .token = {.epoch = 1, .seq = 1}, .heartbeat = true}),
      Reason::kAttemptOwnershipMismatch);
}

TEST_CASE_FIXTURE(Fixture, "a task that owes no heartbeat may be silent") {
  Start({.schedule_to_start = absl::Seconds(10)});
  w.Begin();
  CHECK_EQ(w.Refused(TimeoutAttempt{.run = run, .token = w.slot(run).token(), .heartbeat = true}),
           Reason::kNotDue);
}

TEST_CASE_FIXTURE(Fixture, "retries begin within their deadline, counted from the first attempt") {
  Start({.schedule_to_start = absl::Seconds(100)}, absl::Seconds(3));
  w.now() += 50 * kSecond;
  w.Begin();
  const int64_t first = w.now();
  // Attempts themselves are not bounded by it.
  w.now() += 2 * kSecond - 1;
  w.Fail(run);
  CHECK_EQ(w.task(run.execution, 0), TaskState::kRetrying);
  Wake();
  CHECK_EQ(RunTimer(), first + 3 * kSecond);
  w.Begin();
  w.now() += 50 * kSecond;
  w.Fail(run);
  CheckFailed();
}

TEST_CASE_FIXTURE(Fixture, "why says by when a ready run must start") {
  Start({.schedule_to_start = absl::Seconds(10)});
  const WhyReport report = Explain(
      w.state(), w.execution(run.execution), {}, [](uint32_t) { return true; }, 1);
  REQUIRE_EQ(report.tasks.size(), 1);
  CHECK_NE(report.tasks[0].ends.find("it fails at 1970-01-01T00:16:50Z if it has not started "
                                     "(schedule_to_start)"),
           std::string::npos);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::timeouts_test
