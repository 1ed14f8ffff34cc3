// Workers elsewhere: they take runs, say that they are there, and report.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "stet/engine.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::leases_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

// Two tasks in a row of an activity that this process does not have.
EngineOptions Options(const std::string& directory) {
  EngineOptions options = {.directory = directory, .workflows = {testing::Chain(2, "far")}};
  for (Task& task : options.workflows[0].tasks) {
    task.retry = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
  }
  return options;
}

std::vector<LeasedRun> Acquire(Engine& engine, absl::Duration lease = absl::Seconds(60),
                               std::string worker = "w1") {
  auto runs = engine.AcquireLeases(
      {.worker = std::move(worker), .activities = {"far", "other"}, .max = 10, .lease = lease});
  REQUIRE_MESSAGE(runs.ok(), runs.status().ToString());
  return *std::move(runs);
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("a worker takes a run, reports its output, and finds the next one") {
  const TempDirectory directory;
  const auto engine = MustOpen(Options(directory.engine()));
  MustStart(*engine, "k", R"({"n":1})");
  std::vector<LeasedRun> runs = Acquire(*engine);
  REQUIRE_EQ(runs.size(), 1);
  CHECK_EQ(runs[0].key, "k");
  CHECK_EQ(runs[0].activity, "far");
  CHECK_EQ(runs[0].attempt, 1);
  CHECK_EQ(runs[0].input.bytes, R"({"n":1})");
  CHECK(Acquire(*engine).empty());
  CHECK_EQ(engine->Why("k")->tasks[0].on, std::vector<std::string>{"w1"});
  CHECK_EQ(engine->Report("k")->task(runs[0].task)->worker, "w1");
  CHECK(engine->ReportLeased({.token = runs[0].token, .result = Payload("1")}).ok());
  CHECK_EQ(
      ReasonOf(engine->ReportLeased({.token = runs[0].token, .result = Payload("2")}).status()),
      Reason::kAttemptFinishRequiresRunning);
  const std::string first = runs[0].task;
  runs = Acquire(*engine);
  REQUIRE_EQ(runs.size(), 1);
  CHECK_EQ(runs[0].outputs.at(first).bytes, "1");
  CHECK(engine->ReportLeased({.token = runs[0].token, .result = Payload("2")}).ok());
  CHECK(MustWait(*engine, "k").success());
}

TEST_CASE("a worker runs a loop until it breaks, and keeps a state, as a thread here would") {
  const When second = {.pointer = "", .op = CompareOp::kGreaterOrEqual, .value = "2"};
  const auto engine = MustOpen(
      {.workflows = {{.name = "main",
                      .tasks = {{.name = "loop",
                                 .activity = "far",
                                 .kind = LoopTask{.max_iterations = 5, .break_when = second}},
                                {.name = "keep",
                                 .activity = "far",
                                 .after = {"loop"},
                                 .kind = StatefulTask{},
                                 .repeat = Repeat{.count = 2}}}}}});
  MustStart(*engine, "k");
  std::vector<std::string> keys;
  std::vector<std::string> states;
  for (int i = 1; i <= 4; ++i) {
    const std::vector<LeasedRun> runs = Acquire(*engine);
    REQUIRE_EQ(runs.size(), 1);
    keys.push_back(runs[0].idempotency_key);
    CHECK_EQ(runs[0].occurrence, i < 3 ? i : i - 2);
    states.push_back(runs[0].state ? runs[0].state->bytes : "none");
    LeaseReport report = {.token = runs[0].token, .result = Payload(std::to_string(i))};
    if (i > 2) report.state = Payload(std::to_string(10 * i));
    const auto reported = engine->ReportLeased(report);
    REQUIRE_MESSAGE(reported.ok(), reported.status().ToString());
  }
  CHECK_NE(keys[0], keys[1]);
  CHECK_EQ(states, std::vector<std::string>{"none", "none", "none", "30"});
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_EQ(report.output("loop"), R"({"iterations":2,"last":2,"broke_early":true})");
}

TEST_CASE("a report is taken by the next process, as long as the lease lasts") {
  const TempDirectory directory;
  std::string token;
  {
    const auto engine = MustOpen(Options(directory.engine()));
    MustStart(*engine, "k");
    token = Acquire(*engine).at(0).token;
  }
  const auto engine = MustOpen(Options(directory.engine()));
  CHECK_EQ(engine->recovery().attempts_lost, 0);
  const auto renewal = engine->RenewLeases("w1", {token, token});
  REQUIRE(renewal.ok());
  CHECK(renewal->lost.empty());
  CHECK(engine->CheckpointLeased(token, "half").ok());
  CHECK(engine->ReportLeased({.token = token, .result = absl::UnavailableError("no")}).ok());
  std::vector<LeasedRun> again;
  REQUIRE(Eventually([&] {
    again = Acquire(*engine);
    return !again.empty();
  }));
  CHECK_EQ(again[0].attempt, 2);
  REQUIRE(again[0].checkpoint.has_value());
  CHECK_EQ(again[0].checkpoint->bytes, "half");
}

TEST_CASE("a worker that falls silent loses its run to another; its late report is refused") {
  const auto engine = MustOpen(Options(""));
  MustStart(*engine, "k");
  const std::vector<LeasedRun> silent = Acquire(*engine, absl::Milliseconds(20));
  REQUIRE_EQ(silent.size(), 1);
  std::vector<LeasedRun> taken;
  REQUIRE(Eventually([&] {
    taken = Acquire(*engine, absl::Seconds(60), "w2");
    return !taken.empty();
  }));
  CHECK_EQ(taken[0].task, silent[0].task);
  CHECK_EQ(taken[0].attempt, 2);
  CHECK_EQ(taken[0].idempotency_key, silent[0].idempotency_key);
  CHECK_EQ(ReasonOf(engine->ReportLeased({.token = silent[0].token, .result = Payload()}).status()),
           Reason::kAttemptOwnershipMismatch);
  CHECK_EQ(ReasonOf(engine->CheckpointLeased(silent[0].token, "late").status()),
           Reason::kAttemptOwnershipMismatch);
  const auto renewal = engine->RenewLeases("w1", {silent[0].token, taken[0].token});
  REQUIRE(renewal.ok());
  CHECK_EQ(renewal->lost.size(), 2);
  CHECK_EQ(engine->Report("k")->task(silent[0].task)->lost, 1);
}

TEST_CASE("a worker hears of a cancellation when it renews, and gives back what it has") {
  const auto engine = MustOpen(Options(""));
  MustStart(*engine, "k");
  MustStart(*engine, "other");
  const std::vector<LeasedRun> runs = Acquire(*engine);
  REQUIRE_EQ(runs.size(), 2);
  CHECK(engine->Cancel("k").ok());
  const auto renewal = engine->RenewLeases("w1", {runs[0].token, runs[1].token});
  REQUIRE(renewal.ok());
  CHECK_EQ(renewal->cancelled, std::vector<std::string>{runs[0].token});
  for (const LeasedRun& run : runs) {
    CHECK(engine->ReportLeased({.token = run.token, .result = absl::CancelledError("stop")}).ok());
  }
  CHECK_EQ(MustWait(*engine, "k").state, ExecutionState::kCancelled);
  // Given back, not failed.
  std::vector<LeasedRun> again;
  REQUIRE(Eventually([&] {
    again = Acquire(*engine);
    return !again.empty();
  }));
  CHECK_EQ(again[0].key, "other");
  CHECK_EQ(engine->Report("other")->task(again[0].task)->lost, 0);
}

TEST_CASE("limits of an activity hold for workers elsewhere, and what cannot be is refused") {
  EngineOptions options = Options("");
  options.activity_limits["far"].concurrency = 1;
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "a");
  MustStart(*engine, "b");
  CHECK_EQ(Acquire(*engine).size(), 1);
  CHECK(Acquire(*engine).empty());
  CHECK_EQ(ReasonOf(engine->AcquireLeases({.worker = "", .activities = {"far"}}).status()),
           Reason::kInvalidName);
  CHECK_EQ(ReasonOf(engine
                        ->AcquireLeases(
                            {.worker = "w", .activities = {"far"}, .lease = absl::ZeroDuration()})
                        .status()),
           Reason::kInvalidLease);
  for (const std::string token : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.x", "g.2.3.4"}) {
    CHECK(absl::IsInvalidArgument(engine->ReportLeased({.token = token}).status()));
  }
}

TEST_CASE("a timeout ends an attempt of a worker elsewhere, too") {
  EngineOptions options = Options("");
  options.workflows[0].tasks[0].timeout = absl::Milliseconds(20);
  options.workflows[0].tasks[0].retry.max_attempts = 1;
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  const std::vector<LeasedRun> runs = Acquire(*engine);
  REQUIRE_EQ(runs.size(), 1);
  CHECK_LT(runs[0].deadline, absl::InfiniteFuture());
  CHECK_EQ(MustWait(*engine, "k").state, ExecutionState::kFailed);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::leases_test
