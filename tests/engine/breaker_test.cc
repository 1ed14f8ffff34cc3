// Circuit breakers and concurrency keys with threads and clocks.
#include <atomic>
#include <string>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/inspect.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::breaker_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

TEST_SUITE_BEGIN("engine");

TEST_CASE("an open breaker delays runs until its cooldown is over, then a probe closes it") {
  const TempDirectory directory;
  std::atomic<int> calls = 0;
  Task task = {.name = "t", .activity = "mail"};
  task.retry = {.max_attempts = 9, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
  EngineOptions options = {
      .directory = directory.engine(),
      .workflows = {testing::Single(task)},
      .activities = {{"mail",
                      [&](ActivityContext&) -> absl::StatusOr<Payload> {
                        if (++calls <= 2) return absl::UnavailableError("down");
                        return Payload("sent");
                      }}},
      .breakers = {{"mail", {.failure_threshold = 2, .cooldown = absl::Milliseconds(100)}}}};
  const auto engine = MustOpen(options);
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return calls >= 2; }));
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.output("t"), "sent");
  CHECK_EQ(report.task("t")->attempts, 3);
  CHECK_GE(report.finished_at - report.started_at, absl::Milliseconds(100));
  CHECK(engine->Breakers()->empty());
}

TEST_CASE("a breaker is as open in the next process, and can be closed by hand") {
  const TempDirectory directory;
  Task task = {.name = "t", .activity = "mail"};
  EngineOptions options = {
      .directory = directory.engine(),
      .workflows = {testing::Single(task)},
      .activities = {{"mail",
                      [](ActivityContext& context) -> absl::StatusOr<Payload> {
                        if (context.execution_key() == "bad") return absl::UnavailableError("down");
                        return Payload("sent");
                      }}},
      .breakers = {{"mail", {.failure_threshold = 1, .cooldown = absl::Hours(1)}}}};
  {
    const auto engine = MustOpen(options);
    MustStart(*engine, "bad");
    MustWait(*engine, "bad");
    CHECK_EQ(engine->Stats()->breakers_open, 1);
  }
  const auto engine = MustOpen(options);
  MustStart(*engine, "good");
  REQUIRE_EQ(engine->Breakers()->size(), 1);
  CHECK_EQ(engine->Breakers()->front().state, BreakerState::kOpen);
  CHECK(engine->Breakers()->front().until.has_value());
  CHECK_EQ(engine->Why("good")->tasks[0].kind, WaitKind::kBreaker);
  const auto replayed = Replay({.directory = directory.engine()});
  REQUIRE(replayed.ok());
  CHECK_EQ(replayed->Breakers().size(), 1);
  REQUIRE(engine->ResetBreaker("mail").ok());
  CHECK_EQ(MustWait(*engine, "good").output("t"), "sent");
  CHECK_EQ(ReasonOf(engine->ResetBreaker("mail").status()), Reason::kUnknownBreaker);
}

TEST_CASE("a breaker that cannot be is refused") {
  const auto refused = [](BreakerPolicy policy, std::string name = "b") {
    return absl::IsInvalidArgument(Engine::Open({.breakers = {{name, policy}}}).status());
  };
  CHECK(refused({.failure_threshold = 0}));
  CHECK(refused({.cooldown = absl::ZeroDuration()}));
  CHECK(refused({.probes = 0}));
  CHECK(refused({.probes = 101}));
  CHECK(refused({.success_threshold = 0}));
  CHECK(refused({}, ""));
}

TEST_CASE("runs of one concurrency key never meet, however many workers there are") {
  std::atomic<int> inside = 0;
  std::atomic<int> met = 0;
  Task task = {.name = "t", .activity = "work"};
  task.concurrency_key = ConcurrencyKey{.key = "customer ${input/id}"};
  const auto engine = MustOpen({.concurrency = 4,
                                .workflows = {testing::Single(task)},
                                .activities = {{"work", [&](ActivityContext&) {
                                                  if (++inside > 1) ++met;
                                                  absl::SleepFor(absl::Milliseconds(2));
                                                  --inside;
                                                  return Payload();
                                                }}}});
  for (int i = 0; i < 20; ++i) MustStart(*engine, fmt::format("{}", i), R"({"id":7})");
  for (int i = 0; i < 20; ++i) CHECK(MustWait(*engine, fmt::format("{}", i)).success());
  CHECK_EQ(met.load(), 0);
  const auto bad = engine->Start({.workflow = "main", .key = "bad", .input = "{}"});
  CHECK_EQ(ReasonOf(bad.status()), Reason::kInvalidKey);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::breaker_test
