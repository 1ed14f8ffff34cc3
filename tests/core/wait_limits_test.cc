// Limits of time, keys and notes of tasks that wait: a wait is an attempt like any other, but nobody's to report on.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "schema/parse.h"
#include "tests/core/waiting.h"
#include "tests/core/world.h"

namespace stet::core::wait_limits_test {
namespace {

using schema::EventType;
using schema::FailureKind;
using schema::TimeoutKind;

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
  }
  // One such task, tried up to three times a second apart.
  void Start(Task task) {
    task.retry = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Seconds(1))};
    run.execution = w.Start(w.Define({.name = "w", .tasks = {std::move(task)}}));
  }
  Task Limited(Task task, Timeouts timeouts) {
    task.timeouts = timeouts;
    return task;
  }
  EndWait End() { return {.run = run, .token = w.slot(run).token()}; }
  TimeoutKind LastTimeout() {
    TimeoutKind kind = TimeoutKind::RetryDeadline;
    for (const Stored& event : w.log()) {
      if (event.event_type() != EventType::AttemptFinished) continue;
      kind = (*schema::Parse<fb::AttemptFinished>(event.bytes))->timeout();
    }
    return kind;
  }
  World w;
  RunRef run = {};
};

TEST_SUITE_BEGIN("core::wait_limits");

TEST_CASE_FIXTURE(Fixture, "a wait for a signal ends with its run") {
  Start(Limited(EventOf("t", "go", absl::Seconds(20)), {.schedule_to_close = absl::Seconds(5)}));
  const int64_t start = w.now();
  CHECK_EQ(w.Begin(), run);
  CHECK_EQ(w.slot(run).due_at, start + 5 * kSecond);
  CHECK_EQ(w.Refused(End()), Reason::kNotDue);
  w.now() = start + 5 * kSecond;
  w.Must(End());
  CHECK_EQ(LastTimeout(), TimeoutKind::ScheduleToClose);
  CHECK_EQ(w.slot(run).failure, FailureKind::DeadlinePassed);
  CHECK_EQ(w.execution(run.execution).state, ExecutionState::kFailed);
}

TEST_CASE_FIXTURE(Fixture, "the own timeout of a wait may come first, and is tried again") {
  Start(Limited(EventOf("t", "go", absl::Seconds(2)), {.schedule_to_close = absl::Seconds(4)}));
  const int64_t start = w.now();
  w.Begin();
  CHECK_EQ(w.slot(run).due_at, start + 2 * kSecond);
  w.now() = w.slot(run).due_at;
  w.Must(End());
  CHECK_EQ(LastTimeout(), TimeoutKind::StartToClose);
  REQUIRE_EQ(w.slot(run).state, TaskState::kRetrying);
  w.now() = w.slot(run).due_at;
  w.Must(WakeRetry{.run = run});
  w.Begin();
  CHECK_EQ(w.slot(run).due_at, start + 4 * kSecond);
}

// World checks which payloads are kept.
TEST_CASE_FIXTURE(Fixture, "an error of an earlier attempt is kept when the task begins anew") {
  Start(EventOf("t", "go", absl::Seconds(2)));
  w.Begin();
  w.now() = w.slot(run).due_at;
  w.Must(End());
  w.now() = w.slot(run).due_at;
  w.Must(WakeRetry{.run = run});
  w.Begin();
  w.Must(RequestCancel{.execution = run.execution});
  REQUIRE_EQ(w.execution(run.execution).state, ExecutionState::kCancelled);
  w.Must(Reopen{.execution = run.execution});
  CHECK_EQ(w.execution(run.execution).history.of(0).size(), 2);
}

TEST_CASE_FIXTURE(Fixture, "a wait that cannot begin in time fails") {
  Start(Limited(TimerOf("t", absl::Seconds(1)), {.schedule_to_start = absl::Seconds(3)}));
  w.Must(PauseEngine{});
  CHECK_EQ(w.Refused(TimeoutRun{.run = run}), Reason::kNotDue);
  w.now() += 3 * kSecond;
  w.Must(TimeoutRun{.run = run});
  CHECK_EQ(w.execution(run.execution).state, ExecutionState::kFailed);
}

TEST_CASE_FIXTURE(Fixture, "a timer that began late ends with its run, one in time completes") {
  for (const int64_t late : {0, 2}) {
    Workflow workflow = {.name = "w"};
    workflow.tasks = {
        Limited(TimerOf("t", absl::Seconds(4)), {.schedule_to_close = absl::Seconds(5)})};
    run.execution = w.Start(w.Define(workflow), late == 0 ? "soon" : "late");
    w.now() += late * kSecond;
    w.Begin();
    w.now() = w.slot(run).due_at;
    w.Must(End());
    CHECK_EQ(w.execution(run.execution).state,
             late == 0 ? ExecutionState::kCompleted : ExecutionState::kFailed);
  }
}

TEST_CASE_FIXTURE(Fixture, "a wait holds its concurrency key") {
  Task timer = TimerOf("t", absl::Seconds(1));
  timer.concurrency_key = ConcurrencyKey{.key = "all"};
  const WorkflowHash hash = w.Define({.name = "w", .tasks = {timer}});
  const uint64_t first = w.Start(hash, "first");
  const uint64_t second = w.Start(hash, "second");
  w.Begin();
  CHECK_EQ(w.Refused(StartAttempt{.run = {.execution = second}}), Reason::kKeyHeld);
  CHECK_FALSE(NextWait(w.state()).has_value());
  run.execution = first;
  w.now() += kSecond;
  w.Must(End());
  CHECK_EQ(NextWait(w.state()), RunRef{.execution = second, .task = 0});
}

TEST_CASE_FIXTURE(Fixture, "nobody records anything on a wait") {
  Start(TimerOf("t", absl::Seconds(1)));
  w.Begin();
  const Token token = w.slot(run).token();
  const Reason foreign = Reason::kAttemptOwnershipMismatch;
  CHECK_EQ(w.Refused(RecordStep{.run = run, .token = token, .name = "s"}), foreign);
  CHECK_EQ(w.Refused(RecordCheckpoint{.run = run, .token = token}), foreign);
  CHECK_EQ(w.Refused(SetMetadata{.run = run, .token = token, .key = "k", .value = "v"}), foreign);
  CHECK_EQ(w.Refused(TimeoutAttempt{.run = run, .token = token, .heartbeat = true}), foreign);
}

TEST_CASE_FIXTURE(Fixture, "a child gets its concurrency keys, or its task fails") {
  Task only = {.name = "only", .activity = "a"};
  only.concurrency_key = ConcurrencyKey{.key = "customer ${input/customer}"};
  const WorkflowHash child = w.Define({.name = "child", .tasks = {only}});
  for (const bool good : {true, false}) {
    run.execution =
        w.Start(w.Define({.name = "w", .tasks = {ChildTask("t", "child")}}), good ? "good" : "bad");
    REQUIRE_EQ(w.Begin(), run);
    w.Must(StartChild{.run = run,
                      .token = w.slot(run).token(),
                      .workflow = child,
                      .input = {.bytes = good ? R"({"customer":7})" : "{}"}});
    CHECK_EQ(w.execution(run.execution).state,
             good ? ExecutionState::kRunning : ExecutionState::kFailed);
    if (good) w.Succeed(w.Begin());
  }
}

TEST_CASE_FIXTURE(Fixture, "a schedule whose input lacks what a concurrency key wants is refused") {
  Task only = {.name = "only", .activity = "a"};
  only.concurrency_key = ConcurrencyKey{.key = "${input/customer}"};
  const WorkflowHash hash = w.Define({.name = "w", .tasks = {only}});
  CreateSchedule create = {.name = "s", .workflow = hash, .every = kSecond, .next_at = w.now()};
  CHECK_EQ(w.Refused(create), Reason::kInvalidKey);
  create.input = {.bytes = R"({"customer":7})"};
  w.Must(create);
}

TEST_CASE("what is about an activity's attempts is refused of a wait") {
  Task timer = TimerOf("t", absl::Seconds(9));
  timer.breaker = "b";
  CHECK_EQ(ReasonOf(PreparedWorkflow::Make({.name = "w", .tasks = {timer}}).status()),
           Reason::kInvalidPolicy);
  timer = TimerOf("t", absl::Seconds(9));
  timer.timeouts = Timeouts{.heartbeat = absl::Seconds(1)};
  CHECK_EQ(ReasonOf(PreparedWorkflow::Make({.name = "w", .tasks = {timer}}).status()),
           Reason::kInvalidPolicy);
  timer.timeouts = Timeouts{.schedule_to_close = absl::Seconds(8)};
  CHECK_EQ(ReasonOf(PreparedWorkflow::Make({.name = "w", .tasks = {timer}}).status()),
           Reason::kInvalidPolicy);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::wait_limits_test
