// Tasks that run several times: repetitions and loops.
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/run_policy.h"
#include "core/views.h"
#include "core/why.h"
#include "tests/core/world.h"

namespace stet::core::runs_test {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

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
  void Iterate(std::string_view output, bool last) {
    FinishAttempt report = w.ReportOn(w.Begin(), AttemptOutcome::Success);
    report.output = {.bytes = output};
    report.last = last;
    w.Must(report);
  }
  World w;
};

TEST_SUITE_BEGIN("core::runs");

TEST_CASE_FIXTURE(Fixture, "a task that repeats runs as often as it says, an interval apart") {
  std::vector<Task> tasks = {Named("poll"), Named("next", {"poll"})};
  tasks[0].repeat = Repeat{.count = 3, .interval = absl::Seconds(5)};
  const uint64_t id = Start(tasks);
  const RunRef poll = {.execution = id, .task = 0};
  for (uint32_t run = 1; run < 3; ++run) {
    w.Succeed(w.Begin());
    CHECK_EQ(w.task(id, 0), TaskState::kPending);
    CHECK_EQ(w.slot(poll).run, RunState::kScheduled);
    CHECK_EQ(RunsDone(w.execution(id), 0), run);
    CHECK_FALSE(NextReady(w.state()).has_value());
    CHECK_EQ(w.Refused(WakeRetry{.run = poll}), Reason::kNotDue);
    w.now() += 5 * kSecond;
    w.Must(WakeRetry{.run = poll});
  }
  w.Succeed(w.Begin());
  CHECK_EQ(w.task(id, 0), TaskState::kCompleted);
  CHECK_EQ(w.slot(poll).attempts, 3);
  CHECK_EQ(RunsDone(w.execution(id), 0), 3);
  w.Succeed(w.Begin());
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "without an interval the next run is ready in the same group") {
  std::vector<Task> tasks = {Named("twice")};
  tasks[0].repeat = Repeat{.count = 2};
  (void)Start(tasks);
  w.Succeed(w.Begin());
  CHECK_EQ(w.group(), std::vector<EventType>{EventType::AttemptFinished, EventType::RetriesWoken});
  w.Succeed(w.Begin());
  CHECK_EQ(w.state().live_executions(), 0);
}

TEST_CASE_FIXTURE(Fixture, "a loop goes on until it breaks, and not beyond its last iteration") {
  for (const bool breaks : {false, true}) {
    CAPTURE(breaks);
    std::vector<Task> tasks = {Named("loop")};
    tasks[0].kind = LoopTask{.max_iterations = 3};
    const uint64_t id =
        w.Start(w.Define(Workflow{.name = "w", .tasks = tasks}), breaks ? "breaks" : "goes on");
    Iterate("1", false);
    CHECK_EQ(w.task(id, 0), TaskState::kReady);
    if (!breaks) {
      Iterate("2", false);
      const RunRef run = w.Begin();
      FinishAttempt beyond = w.ReportOn(run, AttemptOutcome::Success);
      beyond.last = false;
      CHECK_EQ(w.Refused(beyond), Reason::kInvalidOutcome);
      w.Succeed(run);
    } else {
      Iterate("2", true);
    }
    CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
    CHECK_EQ(RunsDone(w.execution(id), 0), breaks ? 2 : 3);
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "each run has its own budget, and a retry goes on with the run that failed") {
  std::vector<Task> tasks = {Named("thrice")};
  tasks[0].repeat = Repeat{.count = 3};
  tasks[0].retry = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Seconds(1))};
  const uint64_t id = Start(tasks);
  const RunRef run = {.execution = id, .task = 0};
  for (int i = 0; i < 2; ++i) {
    w.Fail(w.Begin());
    w.now() += kSecond;
    w.Must(WakeRetry{.run = run});
    if (i == 0) w.Succeed(w.Begin());
  }
  w.Fail(w.Begin());
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  CHECK_EQ(RunsDone(w.execution(id), 0), 1);
  w.Must(Reopen{.execution = id});
  w.Settle();
  w.Succeed(w.Begin());
  CHECK_EQ(w.task(id, 0), TaskState::kReady);
  w.Succeed(w.Begin());
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  CHECK_EQ(RunsDone(w.execution(id), 0), 3);
}

TEST_CASE_FIXTURE(Fixture, "a cancellation ends a task between its runs") {
  std::vector<Task> tasks = {Named("sleeps"), Named("runs")};
  tasks[0].repeat = tasks[1].repeat = Repeat{.count = 2, .interval = absl::Seconds(1)};
  const uint64_t id = Start(tasks);
  w.Succeed(w.Begin());
  const RunRef running = w.Begin();
  w.Must(RequestCancel{.execution = id});
  CHECK_EQ(w.task(id, 0), TaskState::kCancelled);
  w.Succeed(running);
  CHECK_EQ(w.task(id, 1), TaskState::kCompleted);
  CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
}

TEST_CASE_FIXTURE(Fixture, "a task that runs by cron begins each run at a time of its calendar") {
  std::vector<Task> tasks = {Named("now"), Named("clock"), Named("later", {"now"})};
  tasks[1].repeat = Cron{.expression = "*/10 * * * * *", .max_occurrences = 2};
  w.now() = 1003 * kSecond;
  const uint64_t id = Start(tasks);
  const RunRef clock = {.execution = id, .task = 1};
  w.Settle();
  CHECK_EQ(w.slot(clock).due_at, 1010 * kSecond);
  w.Succeed(w.Begin());
  CHECK_EQ(w.task(id, 2), TaskState::kReady);
  w.Succeed(w.Begin());
  CHECK_EQ(w.Refused(WakeRetry{.run = clock}), Reason::kNotDue);
  w.now() = 1011 * kSecond;
  w.Must(WakeRetry{.run = clock});
  w.Succeed(w.Begin());
  CHECK_EQ(w.slot(clock).due_at, 1020 * kSecond);
  w.now() = 1020 * kSecond;
  w.Must(WakeRetry{.run = clock});
  w.Succeed(w.Begin());
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "no log makes a task ready that has no time of its calendar yet") {
  std::vector<Task> tasks = {Named("clock")};
  tasks[0].repeat = Cron{.expression = "*/10 * * * * *"};
  const uint64_t id = Start(tasks);
  REQUIRE(HasBacklog(w.state(), id));
  State state = w.Replayed();
  EventBuffer group;
  group.Begin(state.seq() + 1);
  const uint32_t clock = 0;
  group.Add(id, EventType::TasksReady,
            group.pack().TasksReady({.time = w.now(), .tasks = std::span(&clock, 1)}));
  const absl::Status status = Apply(group.events()[0], state, nullptr);
  CHECK_EQ(status.code(), absl::StatusCode::kDataLoss);
  CHECK_NE(status.message().find("waits for a time of its calendar"), std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "why says which run is waited for") {
  std::vector<Task> tasks = {Named("poll")};
  tasks[0].repeat = Repeat{.count = 4, .interval = absl::Hours(1)};
  const uint64_t id = Start(tasks);
  w.Succeed(w.Begin());
  const WhyReport why = Explain(
      w.state(), w.execution(id), {}, [](uint32_t) { return true; }, 5);
  REQUIRE_EQ(why.tasks.size(), 1);
  CHECK_EQ(why.tasks[0].kind, WaitKind::kTimer);
  CHECK_EQ(why.tasks[0].reason, "run 2 of 4 is scheduled");
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::runs_test
