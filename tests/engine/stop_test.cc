// Timeouts, cancellation and closing: attempts that are told to stop.
#include <atomic>
#include <string>
#include <thread>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::stop_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

absl::StatusOr<Payload> UntilStopped(ActivityContext& context) {
  while (context.SleepFor(absl::Hours(1))) {
  }
  return absl::CancelledError("told to stop");
}

uint32_t StateCount(Engine& engine, std::string_view key, TaskState state) {
  return static_cast<uint32_t>(engine.Report(key)->count_in(state));
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("a timeout ends the attempt at its deadline, and tells the activity") {
  std::atomic<bool> told = false;
  absl::Time deadline;
  const auto engine =
      MustOpen({.workflows = {testing::Single(
                    {.name = "t", .activity = "sleep", .timeout = absl::Milliseconds(50)})},
                .activities = {{"sleep", [&](ActivityContext& context) {
                                  deadline = context.Deadline();
                                  auto result = UntilStopped(context);
                                  told = context.cancelled();
                                  return result;
                                }}}});
  const absl::Time begin = absl::Now();
  MustStart(*engine, "k");
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.state, ExecutionState::kFailed);
  CHECK_EQ(report.task("t")->state, TaskState::kDeadLettered);
  CHECK_GE(*report.task("t")->duration(), absl::Milliseconds(50));
  CHECK(Eventually([&] { return told.load(); }));
  CHECK_GT(deadline, begin);
  CHECK_LT(deadline, begin + absl::Seconds(20));
}

TEST_CASE("an activity that ignores its timeout keeps its slot, and its late report is refused") {
  std::atomic<bool> go = false;
  std::atomic<int> calls = 0;
  const auto engine =
      MustOpen({.concurrency = 1,
                .workflows = {testing::Single(
                    {.name = "t",
                     .activity = "deaf",
                     .retry = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Milliseconds(1))},
                     .timeout = absl::Milliseconds(30)})},
                .activities = {{"deaf", [&](ActivityContext&) {
                                  if (++calls == 1) {
                                    while (!go) absl::SleepFor(absl::Milliseconds(1));
                                  }
                                  return Payload("late?");
                                }}}});
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return engine->Stats()->zombies == 1; }));
  // The retry is due and ready, but the only slot is taken.
  REQUIRE(Eventually([&] { return StateCount(*engine, "k", TaskState::kReady) == 1; }));
  CHECK_EQ(calls.load(), 1);
  go = true;
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_EQ(report.task("t")->attempts, 2);
  CHECK_EQ(engine->Stats()->late_reports, 1);
  CHECK_EQ(engine->Stats()->zombies, 0);
}

TEST_CASE("a late report does not end the attempt that owns the run by now") {
  std::atomic<bool> first_may_end = false;
  std::atomic<bool> second_may_end = false;
  std::atomic<int> calls = 0;
  const auto wait_for = [](const std::atomic<bool>& go) {
    while (!go) absl::SleepFor(absl::Milliseconds(1));
  };
  const auto engine =
      MustOpen({.concurrency = 2,
                .workflows = {testing::Single(
                    {.name = "t",
                     .activity = "deaf",
                     .retry = {.max_attempts = 5, .backoff = Backoff::Fixed(absl::Milliseconds(1))},
                     .timeout = absl::Milliseconds(500)})},
                .activities = {{"deaf", [&](ActivityContext& context) {
                                  const int call = ++calls;
                                  if (call == 1) wait_for(first_may_end);
                                  // Later ones last as long as the test asks, within their time.
                                  while (call > 1 && !second_may_end &&
                                         context.SleepFor(absl::Milliseconds(1))) {
                                  }
                                  return Payload(fmt::format("{}", context.attempt()));
                                }}}});
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return calls >= 2; }));
  first_may_end = true;
  REQUIRE(Eventually([&] { return engine->Stats()->late_reports >= 1; }));
  second_may_end = true;
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  // Whichever attempt ended it, it was not the first.
  CHECK_NE(report.output("t"), "1");
  CHECK_EQ(report.output("t"), fmt::format("{}", report.task("t")->attempts));
}

TEST_CASE("cancel ends what waits at once and tells what runs") {
  std::atomic<bool> runs = false;
  const auto engine = MustOpen(
      {.concurrency = 1,
       .workflows = {{.name = "main",
                      .tasks = {{.name = "running", .activity = "sleep"},
                                {.name = "ready", .activity = "sleep"},
                                {.name = "pending", .activity = "sleep", .after = {"ready"}}}}},
       .activities = {{"sleep", [&](ActivityContext& context) {
                         runs = true;
                         return UntilStopped(context);
                       }}}});
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return runs.load(); }));
  const auto seq = engine->Cancel("k");
  REQUIRE(seq.ok());
  CHECK_GT(*seq, 0);
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.state, ExecutionState::kCancelled);
  CHECK(report.cancel_requested);
  CHECK_EQ(report.count_in(TaskState::kCancelled), 3);
  CHECK_EQ(report.task("running")->attempts, 1);
  CHECK_EQ(report.task("ready")->attempts, 0);
  CHECK_EQ(ReasonOf(engine->Cancel("k").status()), Reason::kExecutionEnded);
  CHECK_EQ(ReasonOf(engine->Cancel("other").status()), Reason::kUnknownExecution);
}

TEST_CASE("cancel ends a retry that waits") {
  const auto engine =
      MustOpen({.workflows = {testing::Single(
                    {.name = "t",
                     .activity = "fail",
                     .retry = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Hours(1))}})},
                .activities = {{"fail", [](ActivityContext&) -> absl::StatusOr<Payload> {
                                  return absl::InternalError("no");
                                }}}});
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return StateCount(*engine, "k", TaskState::kRetrying) == 1; }));
  REQUIRE(engine->Cancel("k").ok());
  CHECK_EQ(MustWait(*engine, "k").state, ExecutionState::kCancelled);
}

TEST_CASE("closing interrupts what runs, which uses up no budget, and reopening goes on") {
  const TempDirectory directory;
  std::atomic<int> calls = 0;
  std::atomic<bool> finish = false;
  const EngineOptions options{
      .directory = directory.engine(),
      .workflows = {testing::Single({.name = "t", .activity = "work"})},
      .activities = {{"work", [&](ActivityContext& context) -> absl::StatusOr<Payload> {
                        ++calls;
                        if (finish) return Payload("done");
                        return UntilStopped(context);
                      }}}};
  for (int round = 1; round <= 3; ++round) {
    const auto engine = MustOpen(options);
    CHECK_EQ(engine->recovery().attempts_lost, 0);
    MustStart(*engine, "k");
    REQUIRE(Eventually([&] { return calls == round; }));
    CHECK(engine->Close().ok());
  }
  finish = true;
  const auto engine = MustOpen(options);
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());  // max_attempts is 1: none of the three counted.
  CHECK_EQ(report.task("t")->attempts, 4);
  CHECK_EQ(report.task("t")->lost, 0);
  CHECK(engine->recovery().log.clean);
}

TEST_CASE("what does not stop is recorded as interrupted after the grace, and left to itself") {
  const TempDirectory directory;
  // Static: the thread outlives the engine, and perhaps this test.
  static std::atomic<bool> go = false;
  static std::atomic<bool> returned = false;
  static std::atomic<int> calls = 0;
  std::string note;
  EngineOptions options{.directory = directory.engine(),
                        .workflows = {testing::Single({.name = "t", .activity = "deaf"})},
                        .activities = {{"deaf",
                                        [](ActivityContext& context) {
                                          if (++calls == 1) {
                                            while (!go) absl::SleepFor(absl::Milliseconds(1));
                                            // What the context shows is still there.
                                            CHECK_EQ(context.task(), "t");
                                            returned = true;
                                          }
                                          return Payload();
                                        }}},
                        .on_note = [&](std::string_view text) { note += text; },
                        .close_grace = absl::Milliseconds(30)};
  {
    const auto engine = MustOpen(options);
    MustStart(*engine, "k");
    REQUIRE(Eventually([&] { return calls == 1; }));
    CHECK(engine->Close().ok());
    CHECK_NE(note.find("1 activities did not stop"), std::string::npos);
  }
  go = true;
  CHECK(Eventually([&] { return returned.load(); }));
  const auto engine = MustOpen(options);
  CHECK_EQ(engine->recovery().attempts_lost, 0);
  CHECK(MustWait(*engine, "k").success());
}

TEST_CASE("whoever waits when the engine closes gets an answer") {
  auto engine = MustOpen({.workflows = {testing::Single({.name = "t", .activity = "sleep"})},
                          .activities = {{"sleep", UntilStopped}}});
  MustStart(*engine, "k");
  absl::Status waited;
  std::thread waiter([&] { waited = engine->Wait("k").status(); });
  absl::SleepFor(absl::Milliseconds(20));
  CHECK(engine->Close().ok());
  waiter.join();
  CHECK_EQ(ReasonOf(waited), Reason::kClosed);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::stop_test
