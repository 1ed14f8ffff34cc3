// What stands in the directory when the engine is opened again.
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/inspect.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::reopen_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

absl::StatusOr<Payload> Fail(ActivityContext&) { return absl::UnavailableError("not yet"); }

// Everything that a report says but the event up to which it says it.
void CheckSame(ExecutionReport a, const ExecutionReport& b) {
  CHECK_EQ(a.id, b.id);
  CHECK_EQ(a.key, b.key);
  CHECK_EQ(a.state, b.state);
  CHECK_EQ(a.cancel_requested, b.cancel_requested);
  CHECK_EQ(a.started_at, b.started_at);
  CHECK_EQ(a.finished_at, b.finished_at);
  CHECK((a.workflow_hash == b.workflow_hash));
  CHECK((a.tasks == b.tasks));
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("a second opener is refused, and told who holds the directory") {
  const TempDirectory directory;
  EngineOptions options{.directory = directory.engine()};
  options.log.lock_wait = absl::Milliseconds(10);
  const auto engine = MustOpen(options);
  const absl::Status second = Engine::Open(options).status();
  CHECK(absl::IsFailedPrecondition(second));
  CHECK_EQ(ReasonOf(second), Reason::kLocked);
  CHECK_NE(second.ToString().find(std::to_string(getpid())), std::string::npos);
  CHECK(engine->Close().ok());
  MustOpen(options);
}

TEST_CASE("a retry waits for its stored time across a reopen, whatever the policy says now") {
  const TempDirectory directory;
  std::atomic<bool> fail = true;
  EngineOptions options{
      .directory = directory.engine(),
      .workflows = {testing::Single(
          {.name = "t",
           .activity = "try",
           .retry = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Milliseconds(700))}})},
      .activities = {{"try", [&](ActivityContext& context) -> absl::StatusOr<Payload> {
                        return fail ? Fail(context) : Payload("at last");
                      }}}};
  absl::Time wake_at;
  {
    const auto engine = MustOpen(options);
    MustStart(*engine, "k");
    REQUIRE(Eventually([&] { return engine->Report("k")->count_in(TaskState::kRetrying) == 1; }));
    wake_at = *engine->Report("k")->task("t")->wake_at;
  }
  fail = false;
  const auto engine = MustOpen(options);
  CHECK_EQ(*engine->Report("k")->task("t")->wake_at, wake_at);
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_EQ(report.output("t"), "at last");
  CHECK_EQ(report.task("t")->attempts, 2);
  CHECK_GE(*report.task("t")->started_at, wake_at);
}

TEST_CASE("a dead letter survives") {
  const TempDirectory directory;
  const EngineOptions options{
      .directory = directory.engine(),
      .workflows = {testing::Single(
          {.name = "t",
           .activity = "fail",
           .retry = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Milliseconds(1))}})},
      .activities = {{"fail", Fail}}};
  {
    const auto engine = MustOpen(options);
    MustStart(*engine, "k", "input");
    MustWait(*engine, "k");
  }
  const auto engine = MustOpen(options);
  const auto letters = engine->DeadLetters();
  REQUIRE(letters.ok());
  REQUIRE_EQ(letters->size(), 1);
  CHECK_EQ(letters->front().attempts, 2);
  CHECK_EQ(letters->front().input.bytes, "input");
}

TEST_CASE("tasks whose activity is missing wait, and the open says which") {
  const TempDirectory directory;
  EngineOptions options{.directory = directory.engine(),
                        .workflows = {{.name = "main",
                                       .tasks = {{.name = "a", .activity = "known"},
                                                 {.name = "b", .activity = "unknown"}}}},
                        .activities = {{"known", [](ActivityContext&) { return Payload(); }}}};
  {
    const auto engine = MustOpen(options);
    MustStart(*engine, "k");
    REQUIRE(Eventually([&] { return engine->Report("k")->count_in(TaskState::kCompleted) == 1; }));
    CHECK_EQ(engine->Report("k")->task("b")->state, TaskState::kReady);
  }
  {
    const auto engine = MustOpen(options);
    CHECK_EQ(engine->recovery().missing_activities, std::vector<std::string>{"unknown"});
  }
  options.activities["unknown"] = options.activities["known"];
  const auto engine = MustOpen(options);
  CHECK(engine->recovery().missing_activities.empty());
  CHECK(MustWait(*engine, "k").success());
}

TEST_CASE("an engine that does not execute only looks and changes") {
  const TempDirectory directory;
  std::atomic<int> calls = 0;
  EngineOptions options{.directory = directory.engine(),
                        .workflows = {testing::Chain(2, "count")},
                        .activities = {{"count",
                                        [&](ActivityContext&) {
                                          ++calls;
                                          return Payload();
                                        }}},
                        .execute = false};
  {
    const auto engine = MustOpen(options);
    MustStart(*engine, "k");
    MustStart(*engine, "cancelled");
    REQUIRE(engine->Cancel("cancelled").ok());
    CHECK_EQ(MustWait(*engine, "cancelled").state, ExecutionState::kCancelled);
    absl::SleepFor(absl::Milliseconds(20));
  }
  CHECK_EQ(calls.load(), 0);
  options.execute = true;
  const auto engine = MustOpen(options);
  CHECK(MustWait(*engine, "k").success());
  CHECK_EQ(calls.load(), 2);
}

TEST_CASE("replay gives the live state, in every report and in the digest") {
  const TempDirectory directory;
  EngineOptions options{
      .directory = directory.engine(),
      .concurrency = 4,
      .workflows = {{.name = "main",
                     .tasks = {{.name = "a", .activity = "echo", .priority = 3},
                               {.name = "b",
                                .activity = "flaky",
                                .after = {"a"},
                                .retry = {.max_attempts = 3,
                                          .backoff = Backoff::Fixed(absl::Milliseconds(1))}},
                               {.name = "c", .activity = "fail", .after = {"a"}},
                               {.name = "d", .activity = "echo", .after = {"b", "c"}}}}},
      .activities = {{"echo", [](ActivityContext& context) { return context.input(); }},
                     {"fail", Fail},
                     {"flaky", [](ActivityContext& context) -> absl::StatusOr<Payload> {
                        return context.attempt() == 3 ? Payload(std::string("ok")) : Fail(context);
                      }}}};
  std::vector<ExecutionReport> live;
  uint64_t last_seq = 0;
  {
    const auto engine = MustOpen(options);
    for (int i = 0; i < 30; ++i) MustStart(*engine, fmt::format("k{}", i), "{}");
    for (int i = 0; i < 30; ++i) live.push_back(MustWait(*engine, fmt::format("k{}", i)));
    last_seq = engine->Stats()->seq;
    CHECK(engine->Close().ok());
  }
  // Replay checks the digest of every batch.
  const auto replayed = Replay({.directory = directory.engine()});
  REQUIRE_MESSAGE(replayed.ok(), replayed.status().ToString());
  CHECK_EQ(replayed->seq(), last_seq);
  CHECK_EQ(replayed->epoch(), 1);
  CHECK_EQ(replayed->List().size(), 30);
  for (const ExecutionReport& report : live) CheckSame(report, *replayed->Report(report.key));
  CHECK_EQ(replayed->DeadLetters().size(), 30);
  CHECK_EQ(replayed->Definition("k0")->tasks.size(), 4);
  CHECK((HashOf(*replayed->Definition("k0")) == HashOf(options.workflows[0])));

  const auto engine = MustOpen(options);
  CHECK_EQ(engine->recovery().events_replayed, last_seq);
  CHECK_EQ(engine->recovery().epoch, 2);
  for (const ExecutionReport& report : live) CheckSame(report, *engine->Report(report.key));
}

TEST_CASE("state can be seen at every event, also while the engine is open") {
  const TempDirectory directory;
  const auto engine = MustOpen(
      {.directory = directory.engine(),
       .workflows = {testing::Chain(3, "echo")},
       .activities = {{"echo", [](ActivityContext& context) { return context.input(); }}}});
  const Started started = MustStart(*engine, "k", "1");
  MustWait(*engine, "k");
  const uint64_t last = engine->Stats()->seq;
  size_t completed = 0;
  for (uint64_t seq = 0; seq <= last; ++seq) {
    CAPTURE(seq);
    const auto then = Replay({.directory = directory.engine(), .at_seq = seq});
    REQUIRE_MESSAGE(then.ok(), then.status().ToString());
    CHECK_EQ(then->seq(), seq);
    CHECK_EQ(then->List().size(), seq >= started.id ? 1 : 0);
    if (seq < started.id) continue;
    const size_t now = then->Report("k")->count_in(TaskState::kCompleted);
    CHECK_GE(now, completed);
    completed = now;
  }
  CHECK_EQ(completed, 3);
  const absl::Status none = Replay({.directory = directory.file("none")}).status();
  CHECK_MESSAGE(absl::IsNotFound(none), none.ToString());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::reopen_test
