// Concurrency keys: one run at a time of those that share one, whatever their workflow.
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/concurrency_key.h"
#include "core/why.h"
#include "tests/core/world.h"

namespace stet::core::keys_test {
namespace {

Workflow Keyed(ConcurrencyKey key, std::string name = "w") {
  Workflow workflow = {.name = std::move(name), .tasks = {{.name = "t", .activity = "a"}}};
  workflow.tasks[0].concurrency_key = std::move(key);
  workflow.tasks[0].retry = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Seconds(1))};
  return workflow;
}

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
  }
  RunRef Start(const WorkflowHash& hash, std::string key, std::string input = "") {
    return {.execution = w.Start(hash, std::move(key), std::move(input))};
  }
  void Wake(RunRef run) {
    w.now() = w.slot(run).due_at;
    w.Must(WakeRetry{.run = run});
  }
  World w;
};

TEST_SUITE_BEGIN("core::keys");

TEST_CASE_FIXTURE(Fixture,
                  "runs of one key run one after the other, first come, across workflows") {
  const RunRef a = Start(w.Define(Keyed({.key = "disk"})), "a");
  const RunRef b = Start(w.Define(Keyed({.key = "disk"}, "other")), "b");
  const RunRef c = Start(w.Define(Keyed({.key = "else"}, "third")), "c");
  CHECK_EQ(w.Begin(), a);
  CHECK_EQ(w.Begin(), c);
  CHECK_FALSE(NextReady(w.state()).has_value());
  const absl::Status refused = w.Do(StartAttempt{.run = b});
  CHECK_EQ(ReasonOf(refused), Reason::kKeyHeld);
  CHECK_EQ(ReasonField(refused, "key"), "disk");
  CHECK_EQ(ReasonField(refused, "task"), "t");
  w.Succeed(a);
  CHECK_EQ(w.Begin(), b);
}

TEST_CASE_FIXTURE(Fixture, "a key comes from the input, or is the execution's own") {
  const WorkflowHash by_input = w.Define(Keyed({.key = "customer ${input/id}"}));
  const RunRef one = Start(by_input, "one", R"({"id":"7"})");
  const RunRef same = Start(by_input, "same", R"({"id":7})");
  const RunRef other = Start(by_input, "other", R"({"id":8})");
  CHECK_EQ(KeyOf(w.execution(one.execution), 0)->name, "customer 7");
  CHECK_EQ(w.Begin(), one);
  CHECK_EQ(w.Begin(), other);
  CHECK_EQ(w.Refused(StartAttempt{.run = same}), Reason::kKeyHeld);
  const WorkflowHash own = w.Define(Keyed({.key = "of ${key}"}, "own"));
  CHECK_EQ(KeyOf(w.execution(Start(own, "x").execution), 0)->name, "of x");
}

TEST_CASE_FIXTURE(Fixture, "an input without the key starts nothing") {
  const WorkflowHash hash = w.Define(Keyed({.key = "${input/id}"}));
  for (const std::string_view input : {"", "{}", "no json", R"({"id":{}})", R"({"id":""})"}) {
    const absl::Status refused =
        w.Do(StartExecution{.workflow = hash, .key = "k", .input = {.bytes = input}});
    CHECK_EQ(ReasonOf(refused), Reason::kInvalidKey);
    CHECK_EQ(ReasonField(refused, "key"), "${input/id}");
  }
}

TEST_CASE_FIXTURE(Fixture, "a key is free while its run waits for a retry, unless it is held") {
  const WorkflowHash freed = w.Define(Keyed({.key = "k"}));
  const RunRef a = Start(freed, "a");
  const RunRef b = Start(freed, "b");
  CHECK_EQ(w.Begin(), a);
  w.Fail(a);
  CHECK_EQ(w.Begin(), b);
  Wake(a);
  CHECK_FALSE(NextReady(w.state()).has_value());
  w.Succeed(b);
  w.Succeed(w.Begin());

  const WorkflowHash held = w.Define(Keyed({.key = "k", .held_in_retry = true}, "held"));
  const RunRef c = Start(held, "c");
  const RunRef d = Start(held, "d");
  CHECK_EQ(w.Begin(), c);
  w.Fail(c);
  CHECK_FALSE(NextReady(w.state()).has_value());
  Wake(c);
  // Its own key does not hold it up, and no other gets ahead of it.
  CHECK_EQ(w.Refused(StartAttempt{.run = d}), Reason::kKeyHeld);
  CHECK_EQ(w.Begin(), c);
  w.Succeed(c);
  CHECK_EQ(w.Begin(), d);
}

TEST_CASE_FIXTURE(Fixture, "a crash and a cancellation let go of the key") {
  const WorkflowHash hash = w.Define(Keyed({.key = "k", .held_in_retry = true}));
  const RunRef a = Start(hash, "a");
  const RunRef b = Start(hash, "b");
  w.Begin();
  w.Crash();
  CHECK_EQ(w.Refused(StartAttempt{.run = b}), Reason::kKeyHeld);
  w.Open();
  w.Settle();
  // Lost: it waits for its next attempt, with the key.
  CHECK_FALSE(NextReady(w.state()).has_value());
  w.Must(RequestCancel{.execution = a.execution});
  CHECK_EQ(w.Begin(), b);
  w.Succeed(b);
  const uint64_t ids[] = {a.execution, b.execution};
  w.Must(Purge{.executions = ids});
  CHECK(w.state().keys().entries().empty());
}

TEST_CASE_FIXTURE(Fixture, "why says who holds the key") {
  const WorkflowHash hash = w.Define(Keyed({.key = "disk"}));
  Start(hash, "a");
  const RunRef b = Start(hash, "b");
  w.Begin();
  const WhyReport report = Explain(
      w.state(), w.execution(b.execution), {.executes = true, .slots = 4},
      [](uint32_t) { return true; }, 1);
  REQUIRE_EQ(report.tasks.size(), 1);
  CHECK_EQ(report.tasks[0].kind, WaitKind::kConcurrencyKey);
  CHECK_EQ(report.tasks[0].on, std::vector<std::string>{"disk"});
  CHECK_EQ(report.tasks[0].reason, "concurrency key 'disk' is held by task 't' of 'a'");
}

TEST_CASE("a hundred thousand runs that wait for a key are one question") {
  World w;
  w.CheckNothing();
  w.Open();
  Workflow many = {.name = "many"};
  for (int i = 0; i < 100'000; ++i) {
    many.tasks.push_back({.name = fmt::format("{}", i), .activity = "a"});
    many.tasks.back().concurrency_key = ConcurrencyKey{.key = "one"};
  }
  many.tasks.push_back({.name = "free", .activity = "a"});
  const uint64_t id = w.Start(w.Define(many));
  w.Settle();
  CHECK_EQ(w.Begin().task, 0);
  uint32_t asked = 0;
  const auto next = NextReady(w.state(), [&asked](const StartGate&) {
    ++asked;
    return true;
  });
  CHECK_EQ(next, RunRef{.execution = id, .task = 100'000});
  CHECK_EQ(asked, 1);
}

TEST_CASE("a pattern has only placeholders that there are") {
  for (const std::string_view good : {"a", "${key}", "${input}", "${input/a/0}-${key}", "$5 {x}"}) {
    CHECK_MESSAGE(IsKeyPattern(good), good);
  }
  for (const std::string_view bad : {"${", "${key", "${keys}", "${input/~2}", "${inputs}", "${}"}) {
    CHECK_MESSAGE(!IsKeyPattern(bad), bad);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::keys_test
