// Schedules in a live engine: they fire on the wall clock, once for each time, over downtimes and clock changes.
#include <atomic>
#include <string>
#include <vector>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/inspect.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::schedule_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::TempDirectory;

// The clock on the wall, set by the test; time passes as it does.
class WallClock : public Clock {
 public:
  explicit WallClock(absl::Time now) : offset_ns_(absl::ToInt64Nanoseconds(now - absl::Now())) {}
  absl::Time Wall() override { return absl::Now() + absl::Nanoseconds(offset_ns_.load()); }
  absl::Duration Monotonic() override { return SystemClock()->Monotonic(); }
  void Step(absl::Duration by) { offset_ns_ += absl::ToInt64Nanoseconds(by); }

 private:
  std::atomic<int64_t> offset_ns_;
};

const absl::Time kNoon = absl::FromUnixSeconds(1'700'049'600);  // 2023-11-15T12:00:00Z

struct Fixture {
  EngineOptions Options() {
    const auto work = [this](ActivityContext& context) -> absl::StatusOr<Payload> {
      while (held && !context.cancelled()) context.SleepFor(absl::Milliseconds(1));
      if (context.cancelled()) return absl::CancelledError("told to stop");
      return context.input();
    };
    return {.directory = directory.engine(),
            .concurrency = 2,
            .workflows = {{.name = "main", .tasks = {{.name = "t", .activity = "work"}}}},
            .activities = {{"work", work}},
            .clock = &clock};
  }
  ScheduleSpec Hourly(Misfire misfire) {
    return {.name = "hourly",
            .workflow = "main",
            .input = Payload("7"),
            .cron = "0 * * * *",
            .misfire = misfire,
            .catch_up_max = 3,
            .overlap = Overlap::kAllow};
  }
  // Created at noon; the process is gone until half past five.
  std::vector<std::string> KeysAfterDowntime(Misfire misfire) {
    REQUIRE(MustOpen(Options())->CreateSchedule(Hourly(misfire)).ok());
    clock.Step(absl::Minutes(330));
    const auto engine = MustOpen(Options());
    CHECK(Eventually([&] { return Get(*engine).next.front() == kNoon + absl::Hours(6); }));
    CHECK(Eventually([&] { return Get(*engine).waiting_count == 0; }));
    std::vector<std::string> keys;
    const std::vector<ExecutionSummary> all = *engine->List();
    for (const ExecutionSummary& one : all) keys.push_back(one.key);
    return keys;
  }
  ScheduleReport Get(Engine& engine) {
    const auto all = engine.Schedules();
    REQUIRE_MESSAGE(all.ok(), all.status().ToString());
    REQUIRE_EQ(all->size(), 1);
    return all->front();
  }
  TempDirectory directory;
  WallClock clock{kNoon + absl::Seconds(1)};
  std::atomic<bool> held = false;
};

using Keys = std::vector<std::string>;

TEST_SUITE_BEGIN("engine::schedule");

TEST_CASE_FIXTURE(Fixture, "a schedule fires again and again, each time with its input") {
  const auto engine = MustOpen(Options());
  ScheduleSpec spec = Hourly(Misfire::kSkip);
  spec.cron.clear();
  spec.every = absl::Milliseconds(20);
  REQUIRE(engine->CreateSchedule(spec).ok());
  CHECK(Eventually([&] { return Get(*engine).started >= 5; }));
  const ExecutionReport first = testing::MustWait(*engine, engine->List()->front().key);
  CHECK_EQ(first.output("t"), "7");
  REQUIRE(engine->RemoveSchedule("hourly").ok());
  CHECK(engine->Schedules()->empty());
}

TEST_CASE_FIXTURE(Fixture, "a long downtime with skip: what was missed is left out") {
  CHECK(KeysAfterDowntime(Misfire::kSkip).empty());
}

TEST_CASE_FIXTURE(Fixture, "a long downtime with coalesce: the newest stands for all") {
  CHECK_EQ(KeysAfterDowntime(Misfire::kCoalesce), Keys{"hourly/2023-11-15T17:00:00Z"});
}

TEST_CASE_FIXTURE(Fixture, "a long downtime with catch up: the newest fire, up to the cap") {
  CHECK_EQ(KeysAfterDowntime(Misfire::kCatchUp),
           Keys{"hourly/2023-11-15T15:00:00Z", "hourly/2023-11-15T16:00:00Z",
                "hourly/2023-11-15T17:00:00Z"});
}

TEST_CASE_FIXTURE(Fixture, "a downtime of years is looked through at once") {
  ScheduleSpec spec = Hourly(Misfire::kCatchUp);
  spec.cron = "* * * * * *";
  REQUIRE(MustOpen(Options())->CreateSchedule(spec).ok());
  clock.Step(absl::Hours(24 * 365 * 20));
  const auto engine = MustOpen(Options());
  CHECK(Eventually([&] { return Get(*engine).started >= 3; }));
  CHECK_GT(Get(*engine).skipped, 900);
}

TEST_CASE_FIXTURE(Fixture, "a schedule follows a clock that someone sets") {
  const auto engine = MustOpen(Options());
  REQUIRE(engine->CreateSchedule(Hourly(Misfire::kCoalesce)).ok());
  clock.Step(absl::Minutes(59) + absl::Seconds(58));
  CHECK(Eventually([&] { return Get(*engine).started == 1; }));
  CHECK_EQ(engine->List()->front().key, "hourly/2023-11-15T13:00:00Z");
}

TEST_CASE_FIXTURE(Fixture,
                  "what the overlap policy holds back waits, over a snapshot and another process") {
  ScheduleSpec spec = Hourly(Misfire::kSkip);
  spec.overlap = Overlap::kQueueOne;
  held = true;
  {
    const auto engine = MustOpen(Options());
    REQUIRE(engine->CreateSchedule(spec).ok());
    REQUIRE(engine->TriggerSchedule("hourly").ok());
    CHECK(Eventually([&] { return Get(*engine).running_count == 1; }));
    REQUIRE(engine->TriggerSchedule("hourly").ok());
    REQUIRE(engine->TriggerSchedule("hourly").ok());
    CHECK(Eventually([&] { return Get(*engine).skipped == 1; }));
    CHECK_EQ(Get(*engine).waiting_count, 1);
    CHECK_NE(Get(*engine).text.find("to end"), std::string::npos);
    REQUIRE(engine->Snapshot().ok());
  }
  const auto state = Replay({.directory = directory.engine()});
  REQUIRE_MESSAGE(state.ok(), state.status().ToString());
  CHECK_EQ(state->Schedules(kNoon).at(0).waiting_count, 1);
  held = false;
  const auto engine = MustOpen(Options());
  CHECK(Eventually([&] { return Get(*engine).started == 2 && Get(*engine).running_count == 0; }));
}

TEST_CASE_FIXTURE(Fixture, "pause, resume and backfill of a schedule") {
  const auto engine = MustOpen(Options());
  ScheduleSpec spec = Hourly(Misfire::kCoalesce);
  spec.paused = true;
  REQUIRE(engine->CreateSchedule(spec).ok());
  REQUIRE(engine->CreateSchedule(spec).ok());
  clock.Step(absl::Hours(2));
  CHECK_EQ(ReasonOf(engine->PauseSchedule("hourly").status()), Reason::kAlreadyPaused);
  REQUIRE(engine->ResumeSchedule("hourly").ok());
  CHECK(Eventually([&] { return Get(*engine).next.front() == kNoon + absl::Hours(3); }));
  CHECK_EQ(Get(*engine).started, 0);
  REQUIRE(engine->BackfillSchedule("hourly", kNoon + absl::Hours(1), kNoon + absl::Hours(2)).ok());
  CHECK(Eventually([&] { return Get(*engine).started == 2; }));
  CHECK_EQ(ReasonOf(engine->BackfillSchedule("hourly", kNoon, kNoon - absl::Hours(1)).status()),
           Reason::kInvalidSchedule);
  CHECK_EQ(ReasonOf(engine->TriggerSchedule("daily").status()), Reason::kUnknownSchedule);
  spec.zone = "Atlantis/Capital";
  CHECK_EQ(ReasonOf(engine->CreateSchedule(spec).status()), Reason::kInvalidSchedule);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::schedule_test
