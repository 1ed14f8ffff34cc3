// An engine without threads: all of it happens inside Poll and the other calls.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"
#include "tests/sim/sim_storage.h"

namespace stet::poll_test {
namespace {

using testing::Chain;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

size_t ThreadCount() {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    count += entry.exists() ? 1 : 0;
  }
  return count;
}

EngineOptions Polled(Workflow workflow) {
  return {.threads = Threads::kNone,
          .workflows = {std::move(workflow)},
          .activities = {{"work", [](ActivityContext& context) {
                            return Payload(fmt::format("\"{}\"", context.task()));
                          }}}};
}

// Polls until `done`.
template <typename Done>
void PollUntil(Engine& engine, Done done) {
  for (int i = 0; i < 10'000 && !done(); ++i) {
    REQUIRE(engine.Poll(absl::Milliseconds(10)).ok());
  }
  REQUIRE(done());
}

// Stands still until it is told to go on.
class StoppedClock final : public Clock {
 public:
  absl::Time Wall() override { return absl::FromUnixSeconds(1'000'000'000) + passed; }
  absl::Duration Monotonic() override { return passed; }
  absl::Duration passed = absl::Seconds(1);
};

// The first attempt of each records so many steps, and fails; the second one finds them.
constexpr int kRecorded = 100;
EngineOptions Recorders(uint32_t count, Activity second) {
  Workflow workflow = Chain(1, "work");
  workflow.tasks[0].retry = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Hours(1))};
  EngineOptions options = Polled(std::move(workflow));
  options.concurrency = count;
  options.activities["work"] =
      [second = std::move(second)](ActivityContext& context) -> absl::StatusOr<Payload> {
    if (context.attempt() == 2) return second(context);
    for (int i = 0; i < kRecorded; ++i) {
      const auto step = [](const std::string&) { return Payload("1"); };
      CHECK(context.Step(fmt::format("s{}", i), step).ok());
    }
    return absl::UnavailableError("not yet");
  };
  return options;
}

TEST_SUITE_BEGIN("engine::Poll");

TEST_CASE("without threads of its own an engine runs workflows on the thread that polls") {
  wal::SimStorage storage;
  EngineOptions options = Polled(Chain(5, "work"));
  const std::thread::id here = std::this_thread::get_id();
  bool elsewhere = false;
  int ended = 0;
  options.directory = "/d";
  options.log.storage = &storage;
  options.log.operation = wal::Operation::kDurableWrite;
  options.on_task = [&](const ExecutionSummary&, std::string_view, TaskState) {
    elsewhere = elsewhere || std::this_thread::get_id() != here;
  };
  options.on_ended = [&](const ExecutionSummary&) { ++ended; };
  const size_t threads = ThreadCount();
  {
    const auto engine = MustOpen(options);
    MustStart(*engine, "k");
    PollUntil(*engine, [&] { return ended == 1; });
    const auto report = engine->Report("k");
    REQUIRE(report.ok());
    CHECK(report->success());
    CHECK_EQ(report->output("t4"), "\"t4\"");
    CHECK_EQ(ThreadCount(), threads);
    CHECK_FALSE(elsewhere);
    CHECK(engine->Close().ok());
    CHECK(engine->Close().ok());
    CHECK_EQ(ReasonOf(engine->Poll(absl::ZeroDuration())), Reason::kClosed);
  }
  const auto engine = MustOpen(options);
  CHECK(MustWait(*engine, "k").success());
}

TEST_CASE("a call that waits turns the loop itself") {
  const TempDirectory directory;
  EngineOptions options = Polled(Chain(3, "work"));
  options.directory = directory.engine();
  options.recovery_target = absl::InfiniteDuration();
  const auto engine = MustOpen(options);
  MustStart(*engine, "k");
  CHECK(MustWait(*engine, "k").success());  // Nobody else polls.
  const auto snapshot = engine->Snapshot();
  REQUIRE_MESSAGE(snapshot.ok(), snapshot.status().ToString());
  CHECK_EQ(engine->Stats()->snapshot_seq, snapshot->anchor.seq);
  CHECK(absl::IsDeadlineExceeded([&] {
    CHECK(engine->PauseEngine().ok());
    MustStart(*engine, "paused");
    return engine->Wait("paused", absl::Milliseconds(20)).status();
  }()));
}

TEST_CASE("calls from other threads wait until the polling thread polls") {
  std::atomic<int> wakes = 0;
  EngineOptions options = Polled(Chain(2, "work"));
  options.on_wake = [&] { ++wakes; };
  const auto engine = MustOpen(options);
  REQUIRE(engine->Poll(absl::ZeroDuration()).ok());
  CHECK_GT(*engine->NextDeadline(), absl::Seconds(1));
  std::atomic<bool> done = false;
  std::thread other([&] {
    CHECK(engine->Start({.workflow = "main", .key = "k"}).ok());
    CHECK(engine->Wait("k")->success());
    CHECK_EQ(ReasonOf(engine->Poll(absl::ZeroDuration())), Reason::kWrongThread);
    CHECK_EQ(ReasonOf(engine->NextDeadline().status()), Reason::kWrongThread);
    CHECK_EQ(ReasonOf(engine->Close()), Reason::kWrongThread);
    done = true;
  });
  CHECK(testing::Eventually([&] { return wakes > 0; }));
  CHECK_EQ(*engine->NextDeadline(), absl::ZeroDuration());
  PollUntil(*engine, [&] { return done.load(); });
  other.join();
}

TEST_CASE("an activity that Poll runs may call the engine, but not wait for others") {
  std::unique_ptr<Engine> engine;
  int running = 0;
  int together = 0;
  std::vector<absl::Status> nested;
  EngineOptions options =
      Polled({.name = "main",
              .tasks = {{.name = "a", .activity = "call"}, {.name = "b", .activity = "call"}}});
  options.concurrency = 2;
  options.workflows.push_back({.name = "other", .tasks = {{.name = "t", .activity = "work"}}});
  options.activities["call"] = [&](ActivityContext& context) {
    together = std::max(together, ++running);
    const std::string key(context.task());
    nested.push_back(engine->Start({.workflow = "other", .key = key}).status());
    nested.push_back(engine->Wait(key).status());
    nested.push_back(engine->Poll(absl::ZeroDuration()));
    nested.push_back(engine->Close());
    --running;
    return Payload();
  };
  engine = MustOpen(options);
  MustStart(*engine, "k");
  CHECK(MustWait(*engine, "k").success());
  CHECK(MustWait(*engine, "a").success());
  CHECK_EQ(together, 1);
  REQUIRE_EQ(nested.size(), 8);
  for (size_t i = 0; i < nested.size(); ++i) {
    CAPTURE(i);
    CHECK_EQ(ReasonOf(nested[i]), i % 4 == 0 ? Reason::kNone : Reason::kWouldBlock);
  }
}

TEST_CASE("a callback that asks the engine is refused, and nothing is done for it") {
  std::unique_ptr<Engine> engine;
  std::vector<absl::Status> asked;
  EngineOptions options = Polled(Chain(1, "work"));
  options.on_ended = [&](const ExecutionSummary&) {
    asked.push_back(engine->Start({.workflow = "main", .key = "late"}).status());
    asked.push_back(engine->Wait("k").status());
    asked.push_back(engine->Snapshot().status());
  };
  engine = MustOpen(options);
  MustStart(*engine, "k");
  MustWait(*engine, "k");
  REQUIRE(engine->Poll(absl::ZeroDuration()).ok());
  REQUIRE_EQ(asked.size(), 3);
  for (const absl::Status& status : asked) CHECK_EQ(ReasonOf(status), Reason::kWouldBlock);
  CHECK_EQ(engine->List()->size(), 1);
}

TEST_CASE("NextDeadline tells when a retry is due, and Poll does it then") {
  int calls = 0;
  EngineOptions options = Polled(testing::Single(
      {.name = "t",
       .activity = "flaky",
       .retry = {.max_attempts = 2, .backoff = Backoff::Fixed(absl::Milliseconds(200))}}));
  options.activities["flaky"] = [&](ActivityContext&) -> absl::StatusOr<Payload> {
    if (++calls == 1) return absl::UnavailableError("not yet");
    return Payload();
  };
  const auto engine = MustOpen(options);
  MustStart(*engine, "k");
  PollUntil(*engine, [&] { return calls == 1; });
  REQUIRE(engine->Poll(absl::ZeroDuration()).ok());
  const auto next = engine->NextDeadline();
  REQUIRE(next.ok());
  CHECK_LE(*next, absl::Milliseconds(200));
  CHECK_EQ(calls, 1);
  CHECK(MustWait(*engine, "k").success());
}

TEST_CASE("of many attempts with many recorded steps the first have ended before the last begin") {
  constexpr uint32_t kCount = 150;
  StoppedClock clock;
  uint32_t ended = 0;
  uint32_t seen_max = 0;
  EngineOptions options =
      Recorders(kCount, [&](ActivityContext& context) -> absl::StatusOr<Payload> {
        seen_max = std::max(seen_max, ended);
        for (int i = 0; i < kRecorded; ++i) {
          const auto again = [](const std::string&) { return absl::InternalError("done twice"); };
          CHECK(context.Step(fmt::format("s{}", i), again).ok());
        }
        return Payload("1");
      });
  options.clock = &clock;
  options.on_ended = [&ended](const ExecutionSummary&) { ++ended; };
  const auto engine = MustOpen(options);
  for (uint32_t i = 0; i < kCount; ++i) MustStart(*engine, fmt::format("k{}", i));
  while (engine->Stats()->running > 0 || engine->NextDeadline().value() == absl::ZeroDuration()) {
    REQUIRE(engine->Poll(absl::ZeroDuration()).ok());
  }
  CHECK_EQ(ended, 0);
  clock.passed += absl::Hours(2);
  PollUntil(*engine, [&ended] { return ended == kCount; });
  CHECK_GT(seen_max, 0);
}

TEST_CASE("an engine with threads is not polled") {
  EngineOptions options = Polled(Chain(1, "work"));
  options.threads = Threads::kOwn;
  const auto engine = MustOpen(options);
  CHECK(absl::IsFailedPrecondition(engine->Poll(absl::ZeroDuration())));
  CHECK(absl::IsFailedPrecondition(engine->NextDeadline().status()));
  CHECK(absl::IsFailedPrecondition(engine->Maintain(absl::Seconds(1))));
}

TEST_CASE("Maintain makes the snapshot that is due, and Poll does not") {
  wal::SimStorage storage;
  EngineOptions options = Polled(Chain(3, "work"));
  options.directory = "/d";
  options.recovery_target = absl::Microseconds(10);
  options.log.storage = &storage;
  options.log.operation = wal::Operation::kDurableWrite;
  const auto engine = MustOpen(options);
  MustStart(*engine, "k");
  CHECK(MustWait(*engine, "k").success());
  CHECK_EQ(engine->Stats()->snapshots, 0);
  REQUIRE(engine->Maintain(absl::Milliseconds(1)).ok());
  CHECK_EQ(engine->Stats()->snapshots, 1);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::poll_test
