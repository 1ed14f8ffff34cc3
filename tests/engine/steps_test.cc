// What activities record while they run: steps, checkpoints, metadata; heartbeats.
#include <atomic>
#include <deque>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/inspect.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::steps_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

RetryPolicy Attempts(uint32_t max) {
  return {.max_attempts = max, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
}

// One task "t" of `activity`, tried up to five times.
EngineOptions Options(const std::string& directory, Activity activity) {
  return {.directory = directory,
          .workflows = {testing::Single({.name = "t", .activity = "work", .retry = Attempts(5)})},
          .activities = {{"work", std::move(activity)}}};
}

// Charges once, then mails; the first attempt dies between the two.
absl::StatusOr<Payload> ChargeAndMail(ActivityContext& context, std::vector<std::string>& done) {
  const auto step = [&](std::string_view name) {
    return context.Step(name, [&](const std::string& key) -> absl::StatusOr<Payload> {
      done.push_back(key);
      return Payload(fmt::format("{} {}", name, context.attempt()));
    });
  };
  const absl::StatusOr<Payload> charged = step("charge");
  const absl::StatusOr<Payload> charged_again = step("charge");
  if (!charged.ok() || !charged_again.ok()) return absl::InternalError("charge");
  if (context.attempt() == 1) return absl::UnavailableError("died in the middle");
  const absl::StatusOr<Payload> mailed = step("mail");
  if (!mailed.ok()) return mailed.status();
  return Payload(charged->bytes + ", " + charged_again->bytes + ", " + mailed->bytes);
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("a step is done once: later attempts get its result") {
  const TempDirectory directory;
  for (const std::string& path : {directory.engine(), std::string()}) {
    std::vector<std::string> done;
    const auto engine = MustOpen(
        Options(path, [&](ActivityContext& context) { return ChargeAndMail(context, done); }));
    const Started started = MustStart(*engine, "k");
    const ExecutionReport report = MustWait(*engine, "k");
    CHECK_EQ(report.output("t"), "charge 1, charge 1, mail 2");
    const std::string run = fmt::format("{:016x}/t/1", started.id);
    CHECK_EQ(done, std::vector<std::string>{run + "/charge/1", run + "/charge/2", run + "/mail/1"});
  }
}

TEST_CASE("a step that failed is tried again under its own key, in this attempt or a later one") {
  std::vector<std::string> keys;
  const auto engine = MustOpen(Options("", [&](ActivityContext& context) {
    const auto shaky = [&](const std::string& key) -> absl::StatusOr<Payload> {
      keys.push_back(key.substr(key.rfind('/')));
      if (keys.size() == 2) throw std::runtime_error("no luck");
      if (keys.size() < 4) return absl::UnavailableError("not yet");
      return Payload("done");
    };
    const absl::StatusOr<Payload> first = context.Step("shaky", shaky);
    return first.ok() ? first : context.Step("shaky", shaky);
  }));
  MustStart(*engine, "k");
  CHECK_EQ(MustWait(*engine, "k").output("t"), "done");
  CHECK_EQ(keys, std::vector<std::string>(4, "/1"));
}

TEST_CASE("steps and checkpoints outlive the process, and a snapshot") {
  const TempDirectory directory;
  std::atomic<bool> recorded = false;
  {
    EngineOptions options =
        Options(directory.engine(), [&](ActivityContext& context) -> absl::StatusOr<Payload> {
          CHECK_FALSE(context.checkpoint().has_value());
          const auto step = context.Step("s", [](const std::string&) { return Payload("first"); });
          REQUIRE(step.ok());
          CHECK(context.Checkpoint("one").ok());
          CHECK(context.Checkpoint("two").ok());
          CHECK(context.SetMetadata("host", "a").ok());
          recorded = true;
          while (context.SleepFor(absl::Hours(1))) {
          }
          return absl::CancelledError("closing");
        });
    const auto engine = MustOpen(std::move(options));
    MustStart(*engine, "k");
    REQUIRE(Eventually([&] { return recorded.load(); }));
    CHECK_EQ(engine->Report("k")->task("t")->steps, 1);
    CHECK(engine->Snapshot().ok());
    CHECK(engine->Close().ok());
  }
  const auto engine = MustOpen(
      Options(directory.engine(), [&](ActivityContext& context) -> absl::StatusOr<Payload> {
        CHECK_EQ(context.attempt(), 2);
        REQUIRE(context.checkpoint().has_value());
        CHECK_EQ(context.checkpoint()->bytes, "two");
        return context.Step("s", [](const std::string&) { return Payload("second"); });
      }));
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.output("t"), "first");
  CHECK_EQ(report.task("t")->steps, 0);
  CHECK_EQ(report.task("t")->metadata.at("host"), "a");
}

TEST_CASE("an attempt that timed out records nothing more") {
  std::atomic<bool> first_ended = false;
  absl::StatusOr<Payload> late;
  absl::Status checkpoint;
  absl::Status heartbeat;
  bool called = false;
  EngineOptions options = Options("", [&](ActivityContext& context) -> absl::StatusOr<Payload> {
    if (context.attempt() > 1) {
      while (!first_ended && context.SleepFor(absl::Milliseconds(1))) {
      }
      return Payload("second");
    }
    while (context.SleepFor(absl::Hours(1))) {
    }
    late = context.Step("s", [&](const std::string&) {
      called = true;
      return Payload("late");
    });
    checkpoint = context.Checkpoint("late");
    heartbeat = context.Heartbeat();
    first_ended = true;
    return Payload("first");
  });
  options.concurrency = 2;
  options.workflows[0].tasks[0].timeout = absl::Milliseconds(300);
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.output("t"), "second");
  CHECK_FALSE(called);
  CHECK(absl::IsAborted(late.status()));
  CHECK_EQ(ReasonOf(late.status()), Reason::kAttemptOwnershipMismatch);
  CHECK(absl::IsAborted(checkpoint));
  CHECK_NE(ReasonOf(checkpoint), Reason::kNone);
  CHECK(absl::IsAborted(heartbeat));
}

TEST_CASE("what is too large, or named badly, is refused before anything is written") {
  EngineOptions options = Options("", [&](ActivityContext& context) -> absl::StatusOr<Payload> {
    bool called = false;
    const auto large = [&](const std::string&) {
      called = true;
      return Payload(std::string(101, 'x'));
    };
    CHECK_EQ(ReasonOf(context.Step("", large).status()), Reason::kInvalidName);
    CHECK_FALSE(called);
    CHECK_EQ(ReasonOf(context.Step("s", large).status()), Reason::kTooLarge);
    CHECK_EQ(ReasonOf(context.Checkpoint(std::string(101, 'x'))), Reason::kTooLarge);
    CHECK_EQ(ReasonOf(context.SetMetadata("", "v")), Reason::kInvalidName);
    CHECK(context.Heartbeat().ok());
    return Payload();
  });
  options.limits.payload_bytes = 100;
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  CHECK(MustWait(*engine, "k").success());
}

TEST_CASE("an activity that was told to stop begins no step, and still gets what is recorded") {
  std::atomic<bool> runs = false;
  std::vector<std::string> seen;
  const auto engine =
      MustOpen(Options("", [&](ActivityContext& context) -> absl::StatusOr<Payload> {
        runs = true;
        while (context.SleepFor(absl::Hours(1))) {
        }
        const auto step = context.Step("s", [](const std::string&) { return Payload("1"); });
        seen.push_back(std::string(absl::StatusCodeToString(step.status().code())));
        return step;
      }));
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return runs.load(); }));
  REQUIRE(engine->Cancel("k").ok());
  CHECK_EQ(MustWait(*engine, "k").state, ExecutionState::kCancelled);
  CHECK_EQ(seen, std::vector<std::string>{"CANCELLED"});
}

TEST_CASE("the past shows what was recorded, and what differs") {
  const TempDirectory directory;
  {
    const auto engine = MustOpen(
        Options(directory.engine(), [&](ActivityContext& context) -> absl::StatusOr<Payload> {
          CHECK(context.SetMetadata("host", "a").ok());
          return context.Step("s", [](const std::string&) { return Payload("1"); });
        }));
    MustStart(*engine, "k");
    MustWait(*engine, "k");
  }
  const auto at = [&](uint64_t seq) {
    auto replayed = Replay({.directory = directory.engine(), .at_seq = seq});
    REQUIRE_MESSAGE(replayed.ok(), replayed.status().ToString());
    return *std::move(replayed);
  };
  const uint64_t last = at(UINT64_MAX).seq();
  std::vector<std::string> changes;
  for (uint64_t seq = 2; seq <= last; ++seq) {
    for (const StateChange& change : DiffStates(at(seq - 1), at(seq))) {
      if (change.field == "steps" || change.field == "metadata") {
        changes.push_back(fmt::format("{} {}>{}", change.field, change.before, change.after));
      }
    }
  }
  REQUIRE_EQ(changes.size(), 3);
  CHECK_EQ(changes[0], "metadata >host=a");
  CHECK_EQ(changes[1].find("steps >s 1: 1 bytes of event"), 0);
  CHECK_EQ(changes[2].find("steps s 1: 1 bytes of event"), 0);
}

TEST_CASE("an activity that ignores its cancellation is given up after the grace") {
  std::atomic<bool> runs = false;
  std::atomic<bool> go = false;
  EngineOptions options = Options("", [&](ActivityContext&) {
    runs = true;
    while (!go) absl::SleepFor(absl::Milliseconds(1));
    return Payload("late");
  });
  options.concurrency = 1;
  options.cancel_grace = absl::Milliseconds(20);
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return runs.load(); }));
  REQUIRE(engine->Cancel("k").ok());
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.state, ExecutionState::kCancelled);
  CHECK_EQ(report.task("t")->error, "did not stop within 20ms of its cancellation");
  // It keeps its slot until it returns.
  CHECK(Eventually([&] { return engine->Stats()->zombies == 1; }));
  CHECK_EQ(engine->Stats()->running, 1);
  go = true;
  CHECK(Eventually([&] { return engine->Stats()->running == 0; }));
  CHECK_EQ(engine->Stats()->late_reports, 1);
  CHECK_EQ(engine->Stats()->zombies, 0);
}

TEST_CASE("an activity that outlives its engine is told that it is closed") {
  std::atomic<bool> runs = false;
  std::atomic<bool> go = false;
  std::atomic<bool> over = false;
  absl::Status told;
  EngineOptions options = Options("", [&](ActivityContext& context) {
    runs = true;
    while (!go) absl::SleepFor(absl::Milliseconds(1));
    told = context.Checkpoint("late");
    over = true;
    return Payload();
  });
  options.close_grace = absl::ZeroDuration();
  const auto engine = MustOpen(std::move(options));
  MustStart(*engine, "k");
  REQUIRE(Eventually([&] { return runs.load(); }));
  CHECK(engine->Close().ok());
  go = true;
  REQUIRE(Eventually([&] { return over.load(); }));
  CHECK_EQ(ReasonOf(told), Reason::kClosed);
}

TEST_CASE("an activity on the thread that polls records without waiting for itself") {
  for (const bool executor : {false, true}) {
    const TempDirectory directory;
    std::vector<std::string> done;
    std::deque<std::function<void()>> queue;
    EngineOptions options = Options(directory.engine(), [&](ActivityContext& context) {
      CHECK(context.Checkpoint("half").ok());
      CHECK(context.SetMetadata("host", "a").ok());
      return ChargeAndMail(context, done);
    });
    options.threads = Threads::kNone;
    if (executor) {
      options.executor = [&](std::function<void()> run) { queue.push_back(std::move(run)); };
    }
    const auto engine = MustOpen(std::move(options));
    MustStart(*engine, "k");
    const auto ended = [&] { return IsTerminal(engine->Report("k")->state); };
    for (int i = 0; i < 10'000 && !ended(); ++i) {
      REQUIRE(engine->Poll(absl::Milliseconds(1)).ok());
      for (; !queue.empty(); queue.pop_front()) queue.front()();
    }
    CHECK_EQ(engine->Report("k")->output("t"), "charge 1, charge 1, mail 2");
    CHECK_EQ(done.size(), 3);
    CHECK_EQ(engine->Report("k")->task("t")->metadata.at("host"), "a");
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::steps_test
