// Timeouts that take a clock, and an activity that talks or is silent.
#include <atomic>
#include <string>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "tests/engine/fixture.h"

namespace stet::time_limits_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;

TEST_SUITE_BEGIN("engine");

TEST_CASE("an activity that falls silent is given up, one that talks is not") {
  std::atomic<int> calls = 0;
  Task task = {.name = "t", .activity = "work"};
  task.retry = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
  task.timeouts = Timeouts{.heartbeat = absl::Milliseconds(100)};
  const auto engine =
      MustOpen({.concurrency = 2,
                .workflows = {testing::Single(task)},
                .activities = {{"work", [&](ActivityContext& context) -> absl::StatusOr<Payload> {
                                  if (++calls == 1) {
                                    while (context.SleepFor(absl::Hours(1))) {
                                    }
                                    return absl::CancelledError("given up");
                                  }
                                  // Longer than it may be silent.
                                  for (int i = 0; i < 30; ++i) {
                                    if (!context.Heartbeat().ok())
                                      return absl::AbortedError("given up");
                                    absl::SleepFor(absl::Milliseconds(10));
                                  }
                                  return Payload("talked");
                                }}}});
  MustStart(*engine, "k");
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_EQ(report.task("t")->attempts, 2);
  CHECK_EQ(report.task("t")->error, "heartbeat timeout: was not heard of for 100 ms");
}

TEST_CASE("a run that gets no worker in time fails, the one that has it goes on") {
  std::atomic<bool> go = false;
  std::atomic<bool> runs = false;
  Task task = {.name = "t", .activity = "work"};
  task.timeouts = Timeouts{.schedule_to_start = absl::Milliseconds(50)};
  const auto engine = MustOpen({.concurrency = 1,
                                .workflows = {testing::Single(task)},
                                .activities = {{"work", [&](ActivityContext&) {
                                                  runs = true;
                                                  while (!go) absl::SleepFor(absl::Milliseconds(1));
                                                  return Payload();
                                                }}}});
  MustStart(*engine, "first");
  REQUIRE(Eventually([&] { return runs.load(); }));
  MustStart(*engine, "second");
  const ExecutionReport late = MustWait(*engine, "second");
  CHECK_EQ(late.state, ExecutionState::kFailed);
  CHECK_EQ(late.task("t")->attempts, 0);
  CHECK_EQ(late.task("t")->error,
           "schedule-to-start timeout: did not start within 50 ms of being ready");
  go = true;
  CHECK(MustWait(*engine, "first").success());
}

TEST_CASE("a run ends at its schedule-to-close, retries and all") {
  Task task = {.name = "t", .activity = "work"};
  task.retry = {.max_attempts = 1000, .backoff = Backoff::Fixed(absl::Milliseconds(10))};
  task.timeouts = Timeouts{.schedule_to_close = absl::Milliseconds(100)};
  const auto engine =
      MustOpen({.workflows = {testing::Single(task)},
                .activities = {{"work", [](ActivityContext&) -> absl::StatusOr<Payload> {
                                  return absl::UnavailableError("no");
                                }}}});
  MustStart(*engine, "k");
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.task("t")->state, TaskState::kDeadLettered);
  CHECK_LT(report.task("t")->attempts, 20);
}

TEST_CASE("codes that the task names are not retried") {
  Task task = {.name = "t", .activity = "work"};
  task.retry = {.max_attempts = 5, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
  task.retry.non_retryable = {absl::StatusCode::kNotFound};
  std::atomic<int> calls = 0;
  const auto engine =
      MustOpen({.workflows = {testing::Single(task)},
                .activities = {{"work", [&](ActivityContext&) -> absl::StatusOr<Payload> {
                                  return ++calls == 1 ? absl::UnavailableError("try again")
                                                      : absl::NotFoundError("no use");
                                }}}});
  MustStart(*engine, "k");
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.task("t")->attempts, 2);
  CHECK_EQ(report.task("t")->state, TaskState::kDeadLettered);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::time_limits_test
