// Circuit breakers: what fails too often in a row is left alone for a while.
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/breakers.h"
#include "core/why.h"
#include "tests/core/random_workflow.h"
#include "tests/core/world.h"

namespace stet::core::breaker_test {
namespace {

using schema::AttemptOutcome;
using Stage = schema::BreakerState;

DecideOptions Guarded(BreakerPolicy policy) {
  DecideOptions options;
  options.breakers["mail"] = policy;
  return options;
}

constexpr BreakerPolicy kPolicy = {
    .failure_threshold = 2, .cooldown = absl::Seconds(10), .probes = 1, .success_threshold = 2};

// Tasks of activity "mail", each in an execution of its own, as many attempts as it takes.
struct Fixture {
  explicit Fixture(BreakerPolicy policy = kPolicy) : w(Guarded(policy)) {
    w.CompareAlways();
    w.Open();
    Workflow workflow = {.name = "w", .tasks = {{.name = "t", .activity = "mail"}}};
    workflow.tasks[0].retry = {.max_attempts = 99, .backoff = Backoff::Fixed(absl::Seconds(1))};
    hash = w.Define(workflow);
  }
  RunRef Start(std::string key) { return {.execution = w.Start(hash, std::move(key))}; }
  void Wake(RunRef run) {
    w.now() = std::max(w.now(), w.slot(run).due_at);
    w.Must(WakeRetry{.run = run});
  }
  Breaker breaker() {
    const auto at = w.state().breakers().find("mail");
    return at == w.state().breakers().end() ? Breaker() : at->second;
  }
  // Fails until it is open.
  void Break(RunRef run) {
    while (breaker().state != Stage::Open) {
      w.Must(StartAttempt{.run = run});
      w.Fail(run);
      Wake(run);
    }
  }
  World w;
  WorkflowHash hash = {};
};

TEST_SUITE_BEGIN("core::breaker");

TEST_CASE_FIXTURE(Fixture, "failures in a row open it, a success in between begins anew") {
  const RunRef a = Start("a");
  w.Begin();
  w.Fail(a);
  CHECK_EQ(breaker().failures, 1);
  w.Succeed({.execution = Start("b").execution, .task = w.Begin().task});
  CHECK(w.state().breakers().empty());
  Wake(a);
  Break(a);
  CHECK_EQ(breaker().until, w.slot(a).updated_at - kSecond + 10 * kSecond);
}

TEST_CASE_FIXTURE(Fixture, "an open one delays runs, and no attempt is used up") {
  const RunRef a = Start("a");
  Break(a);
  const uint32_t attempts = w.slot(a).attempts;
  const absl::Status refused = w.Do(StartAttempt{.run = a});
  CHECK_EQ(ReasonOf(refused), Reason::kBreakerOpen);
  CHECK_EQ(ReasonField(refused, "breaker"), "mail");
  CHECK_EQ(ReasonField(refused, "until"), std::to_string(breaker().until));
  CHECK_EQ(w.slot(a).attempts, attempts);
  const WhyReport report = Explain(
      w.state(), w.execution(a.execution), {}, [](uint32_t) { return true; }, 1);
  CHECK_EQ(report.tasks[0].kind, WaitKind::kBreaker);
  CHECK_EQ(report.tasks[0].reason, "breaker 'mail' is open");
  CHECK_EQ(report.tasks[0].until, absl::FromUnixNanos(breaker().until));
  w.now() = breaker().until;
  w.Must(StartAttempt{.run = a});
  CHECK_EQ(breaker().state, Stage::HalfOpen);
}

TEST_CASE_FIXTURE(Fixture, "after its cooldown probes decide, one at a time") {
  const RunRef a = Start("a");
  const RunRef b = Start("b");
  Break(a);
  w.now() = breaker().until;
  const RunRef first = w.Begin();
  const RunRef other = first == a ? b : a;
  CHECK_EQ(breaker().probes, std::vector{w.slot(first).order});
  CHECK_EQ(w.Refused(StartAttempt{.run = other}), Reason::kBreakerOpen);
  w.Succeed(first);
  CHECK_EQ(breaker().successes, 1);
  w.Must(StartAttempt{.run = other});
  w.Succeed(other);
  CHECK(w.state().breakers().empty());
}

TEST_CASE_FIXTURE(Fixture, "a probe that fails opens it again; what started before says nothing") {
  const RunRef a = Start("a");
  const RunRef b = Start("b");
  const RunRef early = w.Begin();
  const RunRef late = early == a ? b : a;
  Break(late);
  const Breaker open = breaker();
  w.Fail(early);
  CHECK(breaker() == open);
  w.now() = breaker().until;
  w.Must(StartAttempt{.run = late});
  w.Fail(late);
  CHECK_EQ(breaker().state, Stage::Open);
  CHECK_EQ(breaker().until, w.now() + 10 * kSecond);
}

TEST_CASE_FIXTURE(Fixture, "a crash leaves it as it was, but for its probes") {
  const RunRef a = Start("a");
  Break(a);
  w.Crash();
  CHECK_EQ(breaker().state, Stage::Open);
  w.now() = breaker().until;
  w.Open();
  w.Must(StartAttempt{.run = a});
  w.Crash();
  w.Open();
  CHECK_EQ(breaker().state, Stage::HalfOpen);
  CHECK(breaker().probes.empty());
  w.Settle();
  Wake(a);
  w.Must(StartAttempt{.run = a});
}

TEST_CASE_FIXTURE(Fixture, "someone may close it") {
  CHECK_EQ(w.Refused(ResetBreaker{.name = "mail"}), Reason::kUnknownBreaker);
  const RunRef a = Start("a");
  Break(a);
  w.Must(ResetBreaker{.name = "mail"});
  CHECK(w.state().breakers().empty());
  w.Must(StartAttempt{.run = a});
}

TEST_CASE("tasks of several activities may share one, and others have none") {
  World w(Guarded({.failure_threshold = 1, .cooldown = absl::Seconds(10)}));
  w.CompareAlways();
  w.Open();
  Workflow workflow = {.name = "w"};
  for (const char* name : {"a", "b", "free"}) {
    Task task = {.name = name, .activity = name};
    if (task.name != "free") task.breaker = "mail";
    workflow.tasks.push_back(task);
  }
  const uint64_t id = w.Start(w.Define(workflow));
  w.Begin();
  w.Fail({.execution = id, .task = 0});
  CHECK_EQ(w.Refused(StartAttempt{.run = {.execution = id, .task = 1}}), Reason::kBreakerOpen);
  w.Must(StartAttempt{.run = {.execution = id, .task = 2}});
  w.Fail({.execution = id, .task = 2});
  CHECK_EQ(w.state().breakers().size(), 1);
}

TEST_CASE("whatever happens, an open breaker lets nothing through and a half open one its probes") {
  const uint64_t seed = SeedOr(31);
  MESSAGE("STET_SEED=", seed);
  Random random(seed);
  const BreakerPolicy policy = {
      .failure_threshold = 3, .cooldown = absl::Seconds(5), .probes = 2, .success_threshold = 3};
  Breaker breaker;
  std::vector<uint64_t> running;
  uint64_t next = 1;
  int64_t now = 0;
  size_t opened = 0;
  for (int step = 0; step < 5000; ++step) {
    now += random.Below(static_cast<uint32_t>(kSecond));
    if (random.OneIn(2)) {
      if (!MayStart(breaker, policy, now)) continue;
      CHECK((breaker.state != Stage::Open || now >= breaker.until));
      breaker = AfterStart(breaker, next);
      running.push_back(next++);
    } else if (!running.empty()) {
      const auto at = running.begin() + random.Below(static_cast<uint32_t>(running.size()));
      const Breaker before = breaker;
      breaker = AfterEnd(breaker, policy, *at, static_cast<AttemptOutcome>(random.Below(6)), now);
      opened += before.state != Stage::Open && breaker.state == Stage::Open;
      running.erase(at);
    }
    CHECK_LE(breaker.probes.size(), policy.probes);
    CHECK_LT(breaker.failures, policy.failure_threshold);
    CHECK_LT(breaker.successes, policy.success_threshold);
    CHECK((breaker.state == Stage::HalfOpen || breaker.probes.empty()));
  }
  CHECK_GT(opened, 10);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::breaker_test
