// Waits: timers, signals, delays and executions that tasks start; none of them holds a worker, all of them outlive the process.
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/core/waiting.h"
#include "tests/core/world.h"

namespace stet::core::wait_test {
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
    return w.Start(w.Define({.name = "w", .tasks = std::move(tasks)}));
  }
  EndWait EndOf(RunRef run) { return {.run = run, .token = w.slot(run).token()}; }
  SendSignal To(uint64_t id, std::string_view name, std::string_view payload = "") {
    return {.execution = id, .name = name, .payload = {.bytes = payload}};
  }
  std::vector<Effect::Kind> Wanted() {
    std::vector<Effect::Kind> kinds;
    for (const Effect& effect : Outstanding(w.state())) kinds.push_back(effect.kind);
    return kinds;
  }
  World w;
};
using Kinds = std::vector<Effect::Kind>;

TEST_SUITE_BEGIN("core::wait");

TEST_CASE_FIXTURE(Fixture, "a timer completes when its time comes, and not before") {
  const uint64_t id = Start({TimerOf("sleep", absl::Seconds(5)), Named("next", {"sleep"})});
  CHECK_EQ(NextWait(w.state()), RunRef{.execution = id, .task = 0});
  const RunRef run = w.Begin();
  CHECK_FALSE(NextWait(w.state()).has_value());
  CHECK(w.slot(run).waits);
  CHECK_EQ(w.slot(run).due_at, w.now() + 5 * kSecond);
  CHECK_EQ(Wanted(), Kinds{Effect::Kind::kWaitTimer});
  CHECK_EQ(w.Refused(EndOf(run)), Reason::kNotDue);
  w.now() += 5 * kSecond;
  w.Must(EndOf(run));
  CHECK_EQ(w.task(id, 0), TaskState::kCompleted);
  CHECK_EQ(w.task(id, 1), TaskState::kReady);
}

TEST_CASE_FIXTURE(Fixture, "a wait outlives epochs: it is not lost, and its token stays valid") {
  const uint64_t id =
      Start({TimerOf("sleep", absl::Seconds(5)), EventOf("wait", "go"), Named("work")});
  const RunRef timer = w.Begin();
  w.Begin();
  w.Begin();
  const EndWait end = EndOf(timer);
  w.Crash();
  w.Open();
  w.Settle();
  CHECK_EQ(w.task(id, 0), TaskState::kRunning);
  CHECK_EQ(w.task(id, 1), TaskState::kRunning);
  CHECK_EQ(w.task(id, 2), TaskState::kRetrying);
  CHECK_EQ(w.slot(timer).lost, 0);
  w.now() += 5 * kSecond;
  w.Must(end);
  CHECK_EQ(w.task(id, 0), TaskState::kCompleted);
  w.Must(To(id, "go"));
  CHECK_EQ(w.task(id, 1), TaskState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "no worker reports on what the engine waits for") {
  const uint64_t id = Start({TimerOf("sleep", absl::Seconds(5))});
  const RunRef run = w.Begin();
  CHECK_EQ(w.Refused(w.ReportOn(run, AttemptOutcome::Success)), Reason::kAttemptOwnershipMismatch);
  CHECK_EQ(w.Refused(TimeoutAttempt{.run = run, .token = w.slot(run).token()}),
           Reason::kAttemptOwnershipMismatch);
  w.now() += 5 * kSecond;
  EndWait stale = EndOf(run);
  stale.token.seq += 1;
  CHECK_EQ(w.Refused(stale), Reason::kAttemptOwnershipMismatch);
  w.Must(EndOf(run));
  CHECK_EQ(w.Refused(stale), Reason::kAttemptFinishRequiresRunning);
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "a cancellation ends waits at once") {
  const uint64_t id =
      Start({TimerOf("sleep", absl::Seconds(5)), EventOf("wait", "go"), Named("work")});
  w.Begin();
  w.Begin();
  const RunRef work = w.Begin();
  w.Must(RequestCancel{.execution = id});
  CHECK_EQ(w.task(id, 0), TaskState::kCancelled);
  CHECK_EQ(w.task(id, 1), TaskState::kCancelled);
  CHECK_EQ(w.task(id, 2), TaskState::kRunning);
  CHECK_EQ(w.Refused(To(id, "go")), Reason::kAlreadyCancelled);
  w.Must(w.ReportOn(work, AttemptOutcome::Cancelled));
  CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
  CHECK(Wanted().empty());
}

TEST_CASE_FIXTURE(Fixture, "a pause keeps the time of what waits, and begins no other wait") {
  const uint64_t id =
      Start({TimerOf("sleep", absl::Seconds(5)), TimerOf("again", absl::Seconds(1), {"sleep"})});
  const RunRef run = w.Begin();
  w.Must(PauseExecution{.execution = id});
  w.now() += 5 * kSecond;
  w.Must(EndOf(run));
  CHECK_EQ(w.task(id, 1), TaskState::kReady);
  CHECK_FALSE(NextWait(w.state()).has_value());
  CHECK_EQ(w.Refused(StartAttempt{.run = {.execution = id, .task = 1}}), Reason::kPaused);
  w.Must(PauseExecution{.execution = id, .pause = false});
  CHECK(NextWait(w.state()).has_value());
}

TEST_CASE_FIXTURE(Fixture,
                  "signals that come before their tasks wait for them, and are taken in order") {
  const uint64_t id = Start({EventOf("first", "go"), EventOf("other", "stop"),
                             EventOf("second", "go", std::nullopt, {"first"})});
  w.Must(To(id, "go", "1"));
  const uint64_t one = w.state().seq();
  w.Must(To(id, "go", "2"));
  const uint64_t two = w.state().seq();
  CHECK_EQ(w.group(), std::vector{EventType::SignalReceived});
  w.Begin();
  CHECK_EQ(w.group(), std::vector{EventType::AttemptStarted, EventType::AttemptFinished,
                                  EventType::TasksReady});
  CHECK_EQ(w.slot({.execution = id, .task = 0}).output.seq, one);
  w.Begin();
  CHECK_EQ(w.task(id, 1), TaskState::kRunning);
  w.Begin();
  CHECK_EQ(w.slot({.execution = id, .task = 2}).output.seq, two);
  CHECK(w.execution(id).signals->buffered().empty());
  w.Must(To(id, "stop", "3"));
  CHECK_EQ(w.slot({.execution = id, .task = 1}).output.bytes, 1);
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  CHECK_EQ(w.Refused(To(id, "go")), Reason::kExecutionEnded);
}

TEST_CASE_FIXTURE(Fixture,
                  "of the tasks that wait for a name the one that began first gets the signal") {
  const uint64_t id = Start({EventOf("a", "go"), EventOf("b", "go")});
  w.Must(StartAttempt{.run = {.execution = id, .task = 1}});
  w.Must(StartAttempt{.run = {.execution = id, .task = 0}});
  w.Must(To(id, "go"));
  CHECK_EQ(w.task(id, 1), TaskState::kCompleted);
  CHECK_EQ(w.task(id, 0), TaskState::kRunning);
}

TEST_CASE_FIXTURE(Fixture, "a signal with an id that was seen is dropped, whenever it comes") {
  const uint64_t id = Start({EventOf("wait", "go")});
  SendSignal once = To(id, "go", "1");
  once.id = "order-7";
  w.Must(once);
  w.Must(once);
  CHECK(w.group().empty());
  CHECK_EQ(w.execution(id).signals->buffered().size(), 1);
  w.Begin();
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  w.Must(once);
  CHECK(w.group().empty());
}

TEST_CASE("signals are bounded, and so are the ids that are remembered") {
  World w;
  w.CheckNothing();
  w.Open();
  const uint64_t id = w.Start(w.Define({.name = "w", .tasks = {EventOf("wait", "go")}}));
  for (size_t i = 0; i < kBufferedSignalsMax; ++i) {
    const std::string seen = fmt::format("{}", i);
    w.Must(SendSignal{.execution = id, .name = "other", .id = seen});
  }
  CHECK_EQ(w.Refused(SendSignal{.execution = id, .name = "go"}), Reason::kTooManySignals);
  w.Must(SendSignal{.execution = id, .name = "go", .id = "0"});
  // One that a task waits for needs no room.
  w.Begin();
  w.Must(SendSignal{.execution = id, .name = "go", .id = "new"});
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  CHECK_EQ(w.execution(id).signals->ids().size(), kSignalIdsMax);
  CHECK_EQ(w.execution(id).signals->SeqOf(HashOfKey("0")), 0);
  CHECK_EQ(RecomputeDigest(w.state()), w.state().digest());
}

TEST_CASE_FIXTURE(Fixture, "a signal has a name, and an id if it has one") {
  const uint64_t id = Start({EventOf("wait", "go")});
  CHECK_EQ(w.Refused(To(id, "")), Reason::kInvalidName);
  SendSignal bad = To(id, "go");
  bad.id = "\n";
  CHECK_EQ(w.Refused(bad), Reason::kInvalidName);
  CHECK_EQ(w.Refused(To(id + 1, "go")), Reason::kUnknownExecution);
}

TEST_CASE_FIXTURE(Fixture,
                  "an event task whose signal does not come in time has failed, or tries again") {
  Task twice = EventOf("twice", "go", absl::Seconds(2));
  twice.retry = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Seconds(1))};
  const uint64_t id = Start({EventOf("once", "go", absl::Seconds(2)), twice});
  const RunRef once = w.Begin();
  const RunRef again = w.Begin();
  CHECK_EQ(Wanted(), Kinds{Effect::Kind::kWaitTimer, Effect::Kind::kWaitTimer});
  w.now() += 2 * kSecond;
  w.Must(EndOf(once));
  CHECK_EQ(w.task(id, 0), TaskState::kDeadLettered);
  w.Must(EndOf(again));
  CHECK_EQ(w.task(id, 1), TaskState::kRetrying);
  w.now() += 2 * kSecond;
  w.Must(WakeRetry{.run = again});
  w.Begin();
  w.Must(To(id, "go"));
  CHECK_EQ(w.task(id, 1), TaskState::kCompleted);
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  w.Must(Reopen{.execution = id});
  w.Settle();
  w.Begin();
  w.Must(To(id, "go"));
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(
    Fixture, "a delayed execution begins when its time comes; cancelled before, it never does") {
  const WorkflowHash hash = w.Define({.name = "w", .tasks = {Named("a"), Named("b")}});
  const int64_t at = w.now() + 10 * kSecond;
  w.Must(StartExecution{.workflow = hash, .key = "late", .start_at = at});
  CHECK_EQ(w.group(), std::vector{EventType::ExecutionStarted});
  const uint64_t id = w.state().FindExecutionByKey("late")->id;
  w.Must(StartExecution{.workflow = hash, .key = "never", .start_at = at});
  const uint64_t never = w.state().FindExecutionByKey("never")->id;
  CHECK_EQ(Wanted(), Kinds{Effect::Kind::kStartTimer, Effect::Kind::kStartTimer});
  CHECK_EQ(w.Refused(Begin{.execution = id}), Reason::kNotDue);
  w.Must(RequestCancel{.execution = never});
  CHECK_EQ(w.execution(never).state, ExecutionState::kCancelled);
  w.Crash();
  w.Open();
  w.now() = at;
  w.Must(Begin{.execution = id});
  CHECK_EQ(w.execution(id).count(TaskState::kReady), 2);
  CHECK_EQ(w.Refused(Begin{.execution = id}), Reason::kNotDelayed);
  w.Must(Reopen{.execution = never});
  w.Settle();
  CHECK_EQ(w.execution(never).count(TaskState::kReady), 2);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::wait_test
