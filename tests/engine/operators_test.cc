// Operators at a live engine: dead letters, retries, pauses, priorities, limits, purges, why.
#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/inspect.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::operators_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

// Switches that the activities below look at, and what they did.
struct Plant {
  std::atomic<bool> broken = true;  // "work" fails
  std::atomic<bool> held = false;   // "hold" does not return
  std::atomic<int> worked = 0;      // calls of "work"
  std::atomic<int> inside = 0;      // attempts that run
  std::atomic<int> inside_max = 0;

  EngineOptions Options(std::string directory, Workflow workflow) {
    const auto work = [this](ActivityContext&) -> absl::StatusOr<Payload> {
      ++worked;
      if (broken) return absl::UnavailableError("the plant is broken");
      return Payload("1");
    };
    const auto hold = [this](ActivityContext& context) -> absl::StatusOr<Payload> {
      const int now = ++inside;
      for (int max = inside_max; now > max && !inside_max.compare_exchange_weak(max, now);) {
      }
      while (held && !context.cancelled()) context.SleepFor(absl::Milliseconds(1));
      --inside;
      if (context.cancelled()) return absl::CancelledError("told to stop");
      return Payload("2");
    };
    return {.directory = std::move(directory),
            .concurrency = 4,
            .workflows = {std::move(workflow)},
            .activities = {{"work", work}, {"hold", hold}}};
  }
};

// "a" fails while the plant is broken; "b" waits for it.
Workflow TwoSteps() {
  return {
      .name = "main",
      .tasks = {{.name = "a",
                 .activity = "work",
                 .retry = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Milliseconds(1))}},
                {.name = "b", .activity = "work", .after = {"a"}}}};
}

Workflow Holding(int tasks) {
  Workflow workflow{.name = "main"};
  for (int i = 0; i < tasks; ++i) {
    workflow.tasks.push_back({.name = fmt::format("t{}", i), .activity = "hold"});
  }
  return workflow;
}

// Released when it was returned.
uint64_t Must(Engine& engine, const absl::StatusOr<uint64_t>& seq) {
  REQUIRE_MESSAGE(seq.ok(), seq.status().ToString());
  CHECK_GE(engine.Stats()->released, *seq);
  return *seq;
}

WaitKind WhyOf(Engine& engine, std::string_view task) {
  const absl::StatusOr<WhyReport> why = engine.Why("k");
  REQUIRE_MESSAGE(why.ok(), why.status().ToString());
  for (const TaskWait& wait : why->tasks) {
    CHECK_FALSE(wait.reason.empty());
    CHECK_FALSE(wait.ends.empty());
    if (wait.task == task) return wait.kind;
  }
  FAIL("no such open task");
  return WaitKind::kQueue;
}

TEST_SUITE_BEGIN("engine::operate");

TEST_CASE("a dead letter tells its attempts; requeued, its task and what it held up run") {
  const TempDirectory directory;
  Plant plant;
  uint64_t requeued = 0;
  {
    const auto engine = MustOpen(plant.Options(directory.engine(), TwoSteps()));
    MustStart(*engine, "k", "7");
    CHECK_EQ(MustWait(*engine, "k").state, ExecutionState::kFailed);
    const auto letter = engine->GetDeadLetter("k", "a");
    REQUIRE_MESSAGE(letter.ok(), letter.status().ToString());
    CHECK_EQ(letter->input, Payload("7"));
    CHECK_NE(letter->error.find("the plant is broken"), std::string::npos);
    REQUIRE_EQ(letter->history.size(), 2);
    CHECK_EQ(letter->history[0].attempt, 1);
    CHECK_EQ(letter->history[1].outcome, AttemptOutcome::kFailure);
    CHECK_NE(letter->history[0].error.find("the plant is broken"), std::string::npos);
    CHECK_EQ(ReasonOf(engine->GetDeadLetter("k", "b").status()), Reason::kUnknownDeadLetter);
    CHECK_EQ(ReasonOf(engine->Requeue("k", "b").status()), Reason::kUnknownDeadLetter);
    CHECK_EQ(ReasonOf(engine->Requeue("k", "zz").status()), Reason::kUnknownTask);
    CHECK_EQ(ReasonOf(engine->Requeue("zz", "a").status()), Reason::kUnknownExecution);
    plant.broken = false;
    requeued = Must(*engine, engine->Requeue("k", "a"));
    const ExecutionReport report = MustWait(*engine, "k");
    CHECK(report.success());
    CHECK_EQ(report.task("a")->generation, 2);
    CHECK(engine->DeadLetters()->empty());
  }
  const absl::StatusOr<Replayed> after = Replay({.directory = directory.engine()});
  REQUIRE_MESSAGE(after.ok(), after.status().ToString());
  CHECK(after->Report("k")->success());
  const absl::StatusOr<Replayed> then =
      Replay({.directory = directory.engine(), .at_seq = requeued - 1});
  REQUIRE_MESSAGE(then.ok(), then.status().ToString());
  CHECK_EQ(then->GetDeadLetter("k", "a")->history.size(), 2);
}

TEST_CASE("a retry begins what failed anew, in the next process too") {
  const TempDirectory directory;
  Plant plant;
  {
    const auto engine = MustOpen(plant.Options(directory.engine(), TwoSteps()));
    MustStart(*engine, "k");
    MustWait(*engine, "k");
  }
  {
    EngineOptions options = plant.Options(directory.engine(), TwoSteps());
    options.execute = false;
    const auto engine = MustOpen(std::move(options));
    Must(*engine, engine->Retry("k"));
    CHECK_EQ(engine->Find("k")->state, ExecutionState::kRunning);
  }
  plant.broken = false;
  const auto engine = MustOpen(plant.Options(directory.engine(), TwoSteps()));
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_EQ(report.task("a")->attempts, 1);
  CHECK_EQ(ReasonOf(engine->Retry("k").status()), Reason::kNothingToRetry);
}

TEST_CASE("a dropped letter is gone, its task stays as it is") {
  Plant plant;
  const auto engine = MustOpen(plant.Options("", TwoSteps()));
  MustStart(*engine, "k");
  MustWait(*engine, "k");
  Must(*engine, engine->Drop("k", "a"));
  CHECK(engine->DeadLetters()->empty());
  CHECK_EQ(engine->Report("k")->task("a")->state, TaskState::kDeadLettered);
  CHECK_EQ(ReasonOf(engine->Drop("k", "a").status()), Reason::kUnknownDeadLetter);
}

TEST_CASE("a paused execution starts nothing until it is resumed, in the next process too") {
  const TempDirectory directory;
  Plant plant;
  plant.broken = false;
  plant.held = true;
  Workflow workflow{.name = "main",
                    .tasks = {{.name = "a", .activity = "hold"},
                              {.name = "b", .activity = "work", .after = {"a"}}}};
  {
    const auto engine = MustOpen(plant.Options(directory.engine(), workflow));
    MustStart(*engine, "k");
    REQUIRE(Eventually([&] { return plant.inside > 0; }));
    Must(*engine, engine->Pause("k"));
    CHECK_EQ(ReasonOf(engine->Pause("k").status()), Reason::kAlreadyPaused);
    CHECK_EQ(WhyOf(*engine, "a"), WaitKind::kRunning);
    plant.held = false;  // What runs goes on.
    REQUIRE(
        Eventually([&] { return engine->Report("k")->task("a")->state == TaskState::kCompleted; }));
    CHECK_EQ(WhyOf(*engine, "b"), WaitKind::kExecutionPaused);
    CHECK(engine->Find("k")->paused);
  }
  const auto engine = MustOpen(plant.Options(directory.engine(), workflow));
  CHECK_EQ(WhyOf(*engine, "b"), WaitKind::kExecutionPaused);
  CHECK_EQ(plant.worked, 0);
  Must(*engine, engine->Resume("k"));
  CHECK(MustWait(*engine, "k").success());
  CHECK_EQ(ReasonOf(engine->Resume("k").status()), Reason::kExecutionEnded);
}

TEST_CASE("a paused activity holds up its tasks, a paused engine all of them") {
  Plant plant;
  plant.broken = false;
  const auto engine = MustOpen(plant.Options(
      "", {.name = "main",
           .tasks = {{.name = "a", .activity = "work"}, {.name = "b", .activity = "hold"}}}));
  Must(*engine, engine->PauseActivity("work"));
  MustStart(*engine, "k");
  REQUIRE(
      Eventually([&] { return engine->Report("k")->task("b")->state == TaskState::kCompleted; }));
  CHECK_EQ(WhyOf(*engine, "a"), WaitKind::kActivityPaused);
  Must(*engine, engine->PauseEngine());
  Must(*engine, engine->ResumeActivity("work"));
  CHECK_EQ(WhyOf(*engine, "a"), WaitKind::kEnginePaused);
  CHECK_EQ(plant.worked, 0);
  Must(*engine, engine->ResumeEngine());
  CHECK(MustWait(*engine, "k").success());
  CHECK_EQ(ReasonOf(engine->ResumeEngine().status()), Reason::kNotPaused);
  CHECK_EQ(ReasonOf(engine->ResumeActivity("work").status()), Reason::kNotPaused);
}

TEST_CASE("the difference of two moments names every switch and priority") {
  const TempDirectory directory;
  Plant plant;
  plant.held = true;
  uint64_t before = 0;
  uint64_t after = 0;
  {
    const auto engine = MustOpen(plant.Options(
        directory.engine(), {.name = "main", .tasks = {{.name = "a", .activity = "hold"}}}));
    MustStart(*engine, "k");
    REQUIRE(Eventually([&] { return plant.inside > 0; }));
    before = engine->Stats()->seq;
    Must(*engine, engine->Pause("k"));
    Must(*engine, engine->SetPriority("k", 7));
    Must(*engine, engine->PauseActivity("hold"));
    Must(*engine, engine->PauseEngine());
    after = engine->Stats()->seq;
    plant.held = false;
  }
  const auto one = Replay({.directory = directory.engine(), .at_seq = before});
  const auto two = Replay({.directory = directory.engine(), .at_seq = after});
  REQUIRE_MESSAGE(one.ok(), one.status().ToString());
  REQUIRE_MESSAGE(two.ok(), two.status().ToString());
  std::map<std::string, std::string> changes;
  for (const StateChange& change : DiffStates(*one, *two)) {
    changes[change.key + "/" + change.field] = change.before + " " + change.after;
  }
  CHECK_EQ(changes, std::map<std::string, std::string>{{"/activity_paused hold", "false true"},
                                                       {"/engine_paused", "false true"},
                                                       {"k/paused", "false true"},
                                                       {"k/priority", "0 7"}});
  CHECK(DiffStates(*two, *two).empty());
}

TEST_CASE("why names what a task waits for") {
  Plant plant;
  plant.held = true;
  Workflow workflow = Holding(5);
  workflow.tasks.push_back({.name = "last", .activity = "hold", .after = {"t0", "t1", "t0"}});
  workflow.tasks.push_back({.name = "foreign", .activity = "elsewhere"});
  const auto engine = MustOpen(plant.Options("", std::move(workflow)));
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return plant.inside == 4; }));
  CHECK_EQ(WhyOf(*engine, "t0"), WaitKind::kRunning);
  CHECK_EQ(WhyOf(*engine, "t4"), WaitKind::kSlots);
  CHECK_EQ(WhyOf(*engine, "foreign"), WaitKind::kMissingActivity);
  const absl::StatusOr<WhyReport> why = engine->Why("k");
  REQUIRE(why.ok());
  CHECK_EQ(why->open_tasks, 7);
  CHECK_EQ(why->tasks[5].on, std::vector<std::string>{"t0", "t1"});
  CHECK_EQ(why->tasks[5].on_count, 2);  // However often it is named.
  CHECK_EQ(engine->Why("k", 2)->tasks.size(), 2);
  Must(*engine, engine->Cancel("k"));
  MustWait(*engine, "k");
  CHECK(engine->Why("k")->tasks.empty());
  CHECK_EQ(ReasonOf(engine->Why("zz").status()), Reason::kUnknownExecution);
}

TEST_CASE("the execution that matters most gets the next worker") {
  Plant plant;
  plant.held = true;
  EngineOptions options = plant.Options("", Holding(1));
  options.concurrency = 1;
  const auto engine = MustOpen(std::move(options));
  for (const char* key : {"first", "second", "third"}) MustStart(*engine, key);
  REQUIRE(Eventually([&] { return plant.inside == 1; }));
  Must(*engine, engine->SetPriority("third", 5));
  CHECK_EQ(engine->Find("third")->priority, 5);
  plant.held = false;
  for (const char* key : {"first", "second", "third"}) CHECK(MustWait(*engine, key).success());
  const auto started = [&](const char* key) {
    return *engine->Report(key)->task("t0")->started_at;
  };
  CHECK_LE(started("third"), started("second"));
}

TEST_CASE("no more attempts of an activity run at once than its limit") {
  Plant plant;
  EngineOptions options = plant.Options("", Holding(20));
  options.activity_limits = {{"hold", {.concurrency = 2}}};
  const auto engine = MustOpen(std::move(options));
  plant.held = true;
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return plant.inside == 2; }));
  CHECK_EQ(WhyOf(*engine, "t2"), WaitKind::kActivityLimit);
  plant.held = false;
  CHECK(MustWait(*engine, "k").success());
  CHECK_LE(plant.inside_max, 2);
}

TEST_CASE("no more attempts of an activity start within any window than its limit") {
  Plant plant;
  constexpr absl::Duration kWindow = absl::Milliseconds(100);
  EngineOptions options = plant.Options("", Holding(8));
  options.activity_limits = {{"hold", {.starts = 3, .per = kWindow}}};
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  const ExecutionReport report = MustWait(*engine, "k");
  REQUIRE(report.success());
  std::vector<absl::Time> starts;
  for (const TaskRecord& task : report.tasks) starts.push_back(*task.started_at);
  std::sort(starts.begin(), starts.end());
  for (size_t i = 3; i < starts.size(); ++i) CHECK_GE(starts[i] - starts[i - 3], kWindow);
  EngineOptions senseless = plant.Options("", Holding(1));
  senseless.activity_limits = {{"hold", {.starts = 3}}};
  CHECK(absl::IsInvalidArgument(Engine::Open(std::move(senseless)).status()));
}

TEST_CASE("a purged execution is gone; its key stays taken") {
  const TempDirectory directory;
  Plant plant;
  plant.broken = false;
  {
    const auto engine = MustOpen(plant.Options(directory.engine(), TwoSteps()));
    Must(*engine, engine->PauseEngine());
    MustStart(*engine, "k", "7");
    CHECK_EQ(ReasonOf(engine->Purge("k").status()), Reason::kNotEnded);
    Must(*engine, engine->ResumeEngine());
    MustWait(*engine, "k");
    Must(*engine, engine->Purge("k"));
    CHECK(engine->List()->empty());
    CHECK_EQ(ReasonOf(engine->Report("k").status()), Reason::kUnknownExecution);
  }
  const auto engine = MustOpen(plant.Options(directory.engine(), TwoSteps()));
  CHECK(engine->List()->empty());
  const auto again = engine->Start({.workflow = "main", .key = "k", .input = Payload("7")});
  CHECK_EQ(ReasonOf(again.status()), Reason::kExpired);
  CHECK(absl::IsAlreadyExists(again.status()));
}

TEST_CASE("retention keeps the newest of those that ended") {
  const TempDirectory directory;
  Plant plant;
  plant.broken = false;
  EngineOptions options = plant.Options(directory.engine(), TwoSteps());
  options.retention = {.count = 2, .key_retention = absl::ZeroDuration()};
  const auto engine = MustOpen(options);
  for (const char* key : {"k1", "k2", "k3", "k4"}) {
    MustStart(*engine, key);
    MustWait(*engine, key);
  }
  REQUIRE(Eventually([&] { return engine->List()->size() == 2; }));
  CHECK_EQ(engine->List()->at(0).key, "k3");
  CHECK_EQ(engine->List()->at(1).key, "k4");
  MustStart(*engine, "k1");  // Its key is free again.
  CHECK(MustWait(*engine, "k1").success());
}

TEST_CASE("retention forgets what ended long ago") {
  Plant plant;
  plant.broken = false;
  EngineOptions options = plant.Options("", TwoSteps());
  options.retention = {.age = absl::ZeroDuration()};
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return engine->List()->empty(); }));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::operators_test
