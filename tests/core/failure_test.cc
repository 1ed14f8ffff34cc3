// Failures: budgets, retries, timeouts, lost attempts, skip cascades, dead letters.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/backoff.h"
#include "tests/core/world.h"

namespace stet::core::failure_test {
namespace {

using schema::AttemptOutcome;
using schema::EventType;
using schema::FailureKind;

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

Workflow One(RetryPolicy retry) {
  Workflow workflow = {.name = "one", .tasks = {Named("t")}};
  workflow.tasks[0].retry = retry;
  return workflow;
}

// A chain of `length` tasks: task i depends on i - 1.
Workflow ChainOf(uint32_t length) {
  Workflow workflow = {.name = "chain", .tasks = {Named("0")}};
  for (uint32_t i = 1; i < length; ++i) {
    workflow.tasks.push_back(Named(fmt::format("{}", i), {fmt::format("{}", i - 1)}));
  }
  return workflow;
}

// One task that all others depend on.
Workflow StarOf(uint32_t tasks) {
  Workflow workflow = {.name = "star", .tasks = {Named("0")}};
  for (uint32_t i = 1; i < tasks; ++i) {
    workflow.tasks.push_back(Named(fmt::format("{}", i), {"0"}));
  }
  return workflow;
}

struct Fixture {
  explicit Fixture(DecideOptions options = {}) : w(options) {
    w.CompareAlways();
    w.Open();
  }
  void Wake(RunRef run) {
    w.now() = std::max(w.now(), w.slot(run).due_at);
    w.Must(WakeRetry{.run = run});
  }
  World w;
};

TEST_SUITE_BEGIN("core::failure");

TEST_CASE_FIXTURE(Fixture, "max_attempts bounds failures; the last one is dead-lettered") {
  const uint64_t id = w.Start(w.Define(One({.max_attempts = 3})));
  const RunRef run = {.execution = id};
  for (int attempt = 1; attempt <= 2; ++attempt) {
    w.Fail(w.Begin());
    CHECK_EQ(w.task(id, 0), TaskState::kRetrying);
    Wake(run);
  }
  w.Fail(w.Begin());
  CHECK_EQ(w.group(), std::vector{EventType::AttemptFinished, EventType::TaskDeadLettered,
                                  EventType::ExecutionEnded});
  CHECK_EQ(w.task(id, 0), TaskState::kDeadLettered);
  CHECK_EQ(w.slot(run).attempts, 3);
  CHECK_EQ(w.slot(run).failure, FailureKind::AttemptsUsedUp);
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  REQUIRE_EQ(w.state().dead_letters().size(), 1);
  CHECK_EQ(w.state().dead_letters()[0].task, run);
}

TEST_CASE_FIXTURE(Fixture, "an error that is final ends the run whatever its budget") {
  const uint64_t id = w.Start(w.Define(One({.max_attempts = 9})));
  FinishAttempt report = w.ReportOn(w.Begin(), AttemptOutcome::Failure);
  report.retryable = false;
  w.Must(report);
  CHECK_EQ(w.task(id, 0), TaskState::kDeadLettered);
  CHECK_EQ(w.slot({.execution = id}).failure, FailureKind::NotRetryable);
}

TEST_CASE_FIXTURE(Fixture, "an interruption uses up nothing") {
  const uint64_t id = w.Start(w.Define(One({.max_attempts = 1, .max_lost = 1})));
  const RunRef run = {.execution = id};
  for (int i = 0; i < 5; ++i) {
    w.Must(w.ReportOn(w.Begin(), AttemptOutcome::Interrupted));
    CHECK_EQ(w.task(id, 0), TaskState::kRetrying);
    Wake(run);
  }
  CHECK_EQ(w.slot(run).attempts, 5);
  CHECK_EQ(w.slot(run).failures, 0);
  CHECK_EQ(w.slot(run).lost, 0);
}

TEST_CASE_FIXTURE(Fixture, "a task that kills its process stops at max_lost across restarts") {
  const uint64_t id = w.Start(w.Define(One({.max_attempts = 1, .max_lost = 3})));
  const RunRef run = {.execution = id};
  for (uint32_t lost = 1; lost <= 3; ++lost) {
    w.Begin();
    w.Crash();
    CHECK_EQ(w.slot(run).attempts, lost);
    w.Open();
    CHECK(HasBacklog(w.state(), 0));
    w.Settle();
    CHECK_EQ(w.slot(run).lost, lost);
    if (lost < 3) {
      // Due at once.
      w.Must(WakeRetry{.run = run});
    }
  }
  CHECK_EQ(w.task(id, 0), TaskState::kDeadLettered);
  CHECK_EQ(w.slot(run).failure, FailureKind::Poison);
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
}

TEST_CASE_FIXTURE(Fixture, "a retry waits for its wake time, which is in the log") {
  RetryPolicy retry = {.max_attempts = 2};
  retry.backoff = Backoff::Fixed(absl::Seconds(10));
  const uint64_t id = w.Start(w.Define(One(retry)));
  const RunRef run = {.execution = id};
  w.Fail(w.Begin());
  CHECK_EQ(w.slot(run).due_at, w.now() + 10 * kSecond);
  w.now() += 10 * kSecond - 1;
  const absl::Status status = w.Do(WakeRetry{.run = run});
  CHECK_EQ(ReasonOf(status), Reason::kNotDue);
  CHECK_EQ(ReasonField(status, "at"), fmt::format("{}", w.slot(run).due_at));
  CHECK_EQ(ReasonField(status, "now"), fmt::format("{}", w.now()));
  w.now() += 1;
  w.Must(WakeRetry{.run = run});
  CHECK_EQ(w.group(), std::vector{EventType::RetriesWoken});
  CHECK_EQ(w.Refused(WakeRetry{.run = run}), Reason::kNotReady);
}

TEST_CASE_FIXTURE(Fixture, "the timer of a retry survives a crash") {
  const uint64_t id = w.Start(w.Define(One({.max_attempts = 2})));
  w.Fail(w.Begin());
  const int64_t due_at = w.slot({.execution = id}).due_at;
  w.Crash();
  w.Open();
  const Effects effects = Outstanding(w.state());
  REQUIRE_EQ(effects.size(), 1);
  CHECK_EQ(effects[0].kind, Effect::Kind::kRetryTimer);
  CHECK_EQ(effects[0].at_ns, due_at);
}

TEST_CASE_FIXTURE(Fixture, "an attempt times out at its deadline, and that is a failure") {
  Workflow workflow = One({.max_attempts = 2});
  workflow.tasks[0].timeout = absl::Seconds(3);
  const uint64_t id = w.Start(w.Define(workflow));
  const RunRef run = w.Begin();
  const Token token = w.slot(run).token();
  CHECK_EQ(w.slot(run).due_at, w.now() + 3 * kSecond);
  w.now() += 2 * kSecond;
  CHECK_EQ(w.Refused(TimeoutAttempt{.run = run, .token = token}), Reason::kNotDue);
  w.now() += kSecond;
  w.Must(TimeoutAttempt{.run = run, .token = token});
  CHECK_EQ(w.task(id, 0), TaskState::kRetrying);
  CHECK_EQ(w.slot(run).failures, 1);
  CHECK_EQ(w.Refused(TimeoutAttempt{.run = run, .token = token}),
           Reason::kAttemptFinishRequiresRunning);
}

TEST_CASE_FIXTURE(Fixture, "an attempt without a timeout never times out") {
  w.Start(w.Define(One({})));
  const RunRef run = w.Begin();
  w.now() += 1'000'000 * kSecond;
  CHECK_EQ(w.Refused(TimeoutAttempt{.run = run, .token = w.slot(run).token()}), Reason::kNotDue);
}

TEST_CASE("backoff follows its formula, and jitter stays in its bounds") {
  const auto policy = [](BackoffKind kind, double jitter) {
    return fb::TaskPolicy(1000, 5000, 2.0, jitter, 0, 1, 1, static_cast<uint8_t>(kind));
  };
  const std::vector<int64_t> fixed = {1000, 1000, 1000, 1000};
  const std::vector<int64_t> linear = {1000, 2000, 3000, 4000};
  const std::vector<int64_t> exponential = {1000, 2000, 4000, 5000};
  for (uint32_t n = 1; n <= 4; ++n) {
    CHECK_EQ(RetryDelay(policy(BackoffKind::kFixed, 0), n, 1, 1), fixed[n - 1]);
    CHECK_EQ(RetryDelay(policy(BackoffKind::kLinear, 0), n, 1, 1), linear[n - 1]);
    CHECK_EQ(RetryDelay(policy(BackoffKind::kExponential, 0), n, 1, 1), exponential[n - 1]);
  }
  CHECK_EQ(RetryDelay(policy(BackoffKind::kLinear, 0), 4'000'000'000, 1, 1), 5000);
  CHECK_EQ(RetryDelay(policy(BackoffKind::kExponential, 0), 4'000'000'000, 1, 1), 5000);
  int64_t low = 1000;
  int64_t high = 1000;
  for (uint32_t task = 0; task < 1000; ++task) {
    const int64_t delay = RetryDelay(policy(BackoffKind::kFixed, 0.25), 1, 77, task);
    CHECK_EQ(delay, RetryDelay(policy(BackoffKind::kFixed, 0.25), 1, 77, task));
    low = std::min(low, delay);
    high = std::max(high, delay);
  }
  CHECK_GE(low, 750);
  CHECK_LT(low, 800);
  CHECK_LE(high, 1250);
  CHECK_GT(high, 1200);
}

TEST_CASE_FIXTURE(Fixture,
                  "a failure skips all that depends on it, through tasks already skipped") {
  // a fails; b, c, d hang below it in a chain, e beside it.
  Workflow workflow = ChainOf(4);
  workflow.tasks.push_back(Named("e"));
  const uint64_t id = w.Start(w.Define(workflow));
  w.Fail(w.Begin());
  CHECK_EQ(w.group(), std::vector{EventType::AttemptFinished, EventType::TaskDeadLettered,
                                  EventType::TasksSkipped});
  for (uint32_t task = 1; task <= 3; ++task) CHECK_EQ(w.task(id, task), TaskState::kSkipped);
  CHECK_EQ(w.task(id, 4), TaskState::kReady);
  w.Succeed(w.Begin());
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
}

TEST_CASE("a cascade cut at every part and interrupted there is completed by the next process") {
  constexpr uint32_t kTasks = 12;
  for (const bool star : {false, true}) {
    for (uint32_t part = 1; part <= kTasks; ++part) {
      for (uint32_t crash_after = 0; crash_after <= kTasks; ++crash_after) {
        World w(DecideOptions{.part_tasks = part});
        w.CompareAlways();
        w.Open();
        const uint64_t id = w.Start(w.Define(star ? StarOf(kTasks) : ChainOf(kTasks)));
        w.Fail(w.Begin());
        for (uint32_t i = 0; i < crash_after && HasBacklog(w.state(), id); ++i) {
          w.Must(Continue{.execution = id});
        }
        const bool cut = HasBacklog(w.state(), id);
        w.Crash();
        CHECK_EQ(HasBacklog(w.state(), id), cut);
        CHECK_EQ(Outstanding(w.state()).empty(), !cut);
        w.Open();
        w.Settle();
        CHECK_EQ(w.execution(id).count(TaskState::kSkipped), kTasks - 1);
        CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
      }
    }
  }
}

TEST_CASE("lost attempts are resolved in parts, each part resumable") {
  Workflow workflow = {.name = "wide"};
  for (int i = 0; i < 10; ++i) {
    workflow.tasks.push_back(Named(fmt::format("{}", i)));
    workflow.tasks.push_back(Named(fmt::format("{}'", i), {fmt::format("{}", i)}));
    workflow.tasks[static_cast<size_t>(i) * 2].retry.max_lost = 1;
  }
  for (uint32_t parts = 0; parts < 5; ++parts) {
    World w(DecideOptions{.part_tasks = 3});
    w.CompareAlways();
    w.Open();
    const uint64_t id = w.Start(w.Define(workflow));
    w.Settle();
    for (int i = 0; i < 10; ++i) w.Begin();
    w.Crash();
    w.Open();
    for (uint32_t i = 0; i < parts && HasBacklog(w.state(), 0); ++i) {
      w.Must(Continue{.execution = 0});
    }
    w.Crash();
    w.Open();
    w.Settle();
    CHECK_EQ(w.execution(id).count(TaskState::kDeadLettered), 10);
    CHECK_EQ(w.execution(id).count(TaskState::kSkipped), 10);
    CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  }
}

TEST_CASE("a chain of 200,000 tasks is skipped in parts without recursion") {
  World w;
  w.CheckNothing();
  w.Open();
  const uint64_t id = w.Start(w.Define(ChainOf(200'000)));
  w.Fail(w.Begin());
  w.Settle();
  CHECK_EQ(w.execution(id).count(TaskState::kSkipped), 199'999);
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  CHECK_EQ(w.state().digest(), RecomputeDigest(w.state()));
}

TEST_CASE("a fan-out of 200,000 tasks becomes ready in parts") {
  World w;
  w.CheckNothing();
  w.Open();
  const uint64_t id = w.Start(w.Define(StarOf(200'000)));
  w.Succeed(w.Begin());
  CHECK_EQ(w.execution(id).count(TaskState::kReady), 4096);
  // Parts and attempts may alternate.
  w.Succeed(w.Begin());
  w.Settle();
  CHECK_EQ(w.execution(id).count(TaskState::kReady), 199'998);
  while (NextReady(w.state()).has_value()) w.Succeed(w.Begin());
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  CHECK_EQ(w.state().digest(), RecomputeDigest(w.state()));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::failure_test
