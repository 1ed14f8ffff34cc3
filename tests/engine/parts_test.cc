// The parts of the loop, each by itself.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <absl/time/clock.h>
#include <doctest/doctest.h>

#include "engine/engine_time.h"
#include "engine/inbox.h"
#include "engine/outcome.h"
#include "engine/reply.h"
#include "engine/timers.h"
#include "engine/worker_pool.h"
#include "tests/engine/fixture.h"

namespace stet::engine::parts_test {
namespace {

class FakeClock final : public Clock {
 public:
  absl::Time Wall() override { return wall; }
  absl::Duration Monotonic() override { return monotonic; }
  void Advance(absl::Duration duration) {
    wall += duration;
    monotonic += duration;
  }

  absl::Time wall = absl::FromUnixSeconds(1'000'000);
  absl::Duration monotonic = absl::Seconds(5);
};

TEST_SUITE_BEGIN("engine");

TEST_CASE("engine time follows the monotonic clock and slews towards the wall by a tenth") {
  FakeClock clock;
  const absl::Time logged = clock.wall + absl::Seconds(10);  // The last process ran ahead.
  EngineTime time(&clock, logged, nullptr);
  CHECK_EQ(time.Now(), logged);
  clock.Advance(absl::Seconds(10));
  CHECK_EQ(time.Now(), logged + absl::Seconds(9));
  clock.Advance(absl::Seconds(100));
  CHECK_EQ(time.Now(), clock.wall);  // Caught up, and no further.
  clock.wall += absl::Seconds(30);
  clock.Advance(absl::Seconds(10));
  CHECK_EQ(time.Now(), clock.wall - absl::Seconds(29));
}

TEST_CASE("engine time never steps back, and does not follow a step of the wall") {
  FakeClock clock;
  int notes = 0;
  EngineTime time(&clock, absl::InfinitePast(), [&](std::string_view) { ++notes; });
  const absl::Time begin = time.Now();
  CHECK_EQ(begin, clock.wall);
  clock.wall -= absl::Hours(5);
  CHECK_EQ(time.Now(), begin);
  clock.Advance(absl::Seconds(10));
  CHECK_EQ(time.Now(), begin + absl::Seconds(10));
  clock.wall += absl::Hours(24);
  clock.Advance(absl::Seconds(10));
  CHECK_EQ(time.Now(), begin + absl::Seconds(20));
  CHECK_EQ(notes, 2);
  CHECK_EQ(time.ToWall(begin + absl::Seconds(25)), clock.wall + absl::Seconds(5));
}

// A clock whose steady time passes in jumps, and whose wall goes back a day with each reading.
class JumpingClock final : public Clock {
 public:
  absl::Time Wall() override { return wall -= absl::Hours(24); }
  absl::Duration Monotonic() override { return monotonic += absl::Hours(1); }

  absl::Time wall = absl::FromUnixSeconds(1'000'000'000);
  absl::Duration monotonic = absl::Seconds(5);
};

TEST_CASE("sleeps and waits are measured by the steady clock that is given, not by the wall") {
  JumpingClock clock;
  Attempt attempt;
  attempt.clock = &clock;
  CHECK(attempt.SleepFor(absl::Minutes(59)));  // Over at the second reading.
  CHECK_EQ(clock.monotonic, absl::Hours(2) + absl::Seconds(5));
  Reply<int> reply;
  CHECK(absl::IsDeadlineExceeded(reply.Take(absl::Minutes(59), &clock).status()));
  CHECK_EQ(clock.monotonic, absl::Hours(4) + absl::Seconds(5));
  attempt.clock = nullptr;  // As that of an engine that is gone.
  attempt.Stop(StopReason::kClosing);
  CHECK_FALSE(attempt.SleepFor(absl::Minutes(59)));
}

TEST_CASE("the grace of a close is measured by the steady clock that is given") {
  JumpingClock clock;
  struct Flags {
    std::atomic<bool> go = false;
    std::atomic<bool> runs = false;
  };
  // Shared: who hangs outlives the engine, and this test.
  const auto flags = std::make_shared<Flags>();
  const auto engine =
      testing::MustOpen({.workflows = {testing::Single({.name = "t", .activity = "hang"})},
                         .activities = {{"hang",
                                         [flags](ActivityContext&) {
                                           flags->runs = true;
                                           while (!flags->go) absl::SleepFor(absl::Milliseconds(1));
                                           return Payload();
                                         }}},
                         .clock = &clock,
                         .close_grace = absl::Hours(2)});
  testing::MustStart(*engine, "k");
  CHECK(testing::Eventually([&] { return flags->runs.load(); }));
  CHECK(engine->Close().ok());  // Hours pass at once.
  flags->go = true;
}

TEST_CASE("timers come in order of time, then of execution and task") {
  Timers timers;
  const auto timer = [](int64_t at_ns, uint64_t execution) {
    return core::Effect{
        .kind = core::Effect::Kind::kRetryTimer, .execution = execution, .at_ns = at_ns};
  };
  CHECK_EQ(timers.next(), absl::InfiniteFuture());
  timers.Arm(timer(20, 1));
  timers.Arm(timer(10, 2));
  timers.Arm(timer(10, 1));
  timers.Arm(timer(5, 9));
  timers.Disarm(timer(5, 9));
  CHECK_EQ(timers.next(), absl::FromUnixNanos(10));
  CHECK(timers.Due(absl::FromUnixNanos(9)) == nullptr);
  std::vector<uint64_t> order;
  while (const core::Effect* due = timers.Due(absl::FromUnixNanos(20))) {
    order.push_back(due->execution);
    timers.Disarm(core::Effect(*due));
  }
  CHECK_EQ(order, std::vector<uint64_t>{1, 2, 1});
}

TEST_CASE("the inbox wakes a sleeper once, and only a sleeper") {
  Inbox inbox;
  int wakes = 0;
  inbox.SetWake([&] { ++wakes; });
  std::vector<Call> calls;
  std::vector<std::unique_ptr<Attempt>> ended;
  CHECK(inbox.Post([](Sequencer&) {}));
  CHECK_EQ(wakes, 0);
  CHECK_FALSE(inbox.PrepareSleep());
  CHECK(inbox.Drain(calls, ended));
  CHECK(inbox.PrepareSleep());
  inbox.Push(std::make_unique<Attempt>());
  CHECK_EQ(wakes, 0);  // Pushing and waking are apart.
  inbox.Notify();
  inbox.Notify();
  CHECK(inbox.Post([](Sequencer&) {}));
  CHECK_EQ(wakes, 1);
  CHECK(inbox.Drain(calls, ended));
  CHECK_EQ(calls.size(), 2);
  CHECK_EQ(ended.size(), 1);
  inbox.Close();
  CHECK_FALSE(inbox.Post([](Sequencer&) {}));
}

TEST_CASE("workers run what is dispatched, and the loop is told of the last") {
  const auto inbox = std::make_shared<Inbox>();
  std::atomic<int> wakes = 0;
  inbox->SetWake([&] { ++wakes; });
  std::atomic<int> calls = 0;
  const auto activities =
      std::make_shared<const Activities>(Activities{{"a", [&](ActivityContext&) {
                                                       ++calls;
                                                       return Payload();
                                                     }}});
  WorkerPool workers(4, inbox, activities);
  REQUIRE(workers.Start(nullptr).ok());
  constexpr int kCount = 1000;
  std::vector<std::unique_ptr<Attempt>> attempts;
  for (int i = 0; i < kCount; ++i) {
    attempts.push_back(std::make_unique<Attempt>());
    attempts.back()->activity = &activities->begin()->second;
  }
  workers.Dispatch(attempts);
  CHECK(attempts.empty());
  std::vector<Call> none;
  std::vector<std::unique_ptr<Attempt>> ended;
  CHECK(testing::Eventually([&] {
    inbox->Drain(none, ended);
    inbox->PrepareSleep();
    return ended.size() == kCount;
  }));
  CHECK_EQ(calls.load(), kCount);
  CHECK_EQ(workers.Shutdown(testing::kPatience), 0);
}

TEST_CASE("what the workers have not begun can be taken back") {
  const auto inbox = std::make_shared<Inbox>();
  std::atomic<bool> busy = false;
  std::atomic<bool> go = false;
  const auto activities =
      std::make_shared<const Activities>(Activities{{"a", [&](ActivityContext&) {
                                                       busy = true;
                                                       while (!go)
                                                         absl::SleepFor(absl::Milliseconds(1));
                                                       return Payload();
                                                     }}});
  WorkerPool workers(1, inbox, activities);
  REQUIRE(workers.Start(nullptr).ok());
  std::vector<std::unique_ptr<Attempt>> attempts;
  for (int i = 0; i < 3; ++i) {
    attempts.push_back(std::make_unique<Attempt>());
    attempts.back()->activity = &activities->begin()->second;
  }
  workers.Dispatch(attempts);
  CHECK(testing::Eventually([&] { return busy.load(); }));
  CHECK_EQ(workers.Withdraw().size(), 2);
  go = true;
  CHECK_EQ(workers.Shutdown(testing::kPatience), 0);
}

TEST_CASE("what a result means") {
  const auto outcome = [](absl::StatusOr<Payload> result, StopReason stop = StopReason::kNone) {
    Attempt attempt;
    attempt.result = std::move(result);
    if (stop != StopReason::kNone) attempt.Stop(stop);
    const Outcome read = OutcomeOf(attempt, 100);
    return std::pair(read.outcome, read.retryable);
  };
  using enum schema::AttemptOutcome;
  CHECK((outcome(Payload("1")) == std::pair(Success, true)));
  CHECK((outcome(Payload("1"), StopReason::kClosing) == std::pair(Success, true)));
  CHECK((outcome(absl::UnavailableError("")) == std::pair(Failure, true)));
  CHECK((outcome(absl::InvalidArgumentError("")) == std::pair(Failure, false)));
  CHECK((outcome(absl::UnimplementedError("")) == std::pair(Failure, false)));
  CHECK((outcome(absl::FailedPreconditionError("")) == std::pair(Failure, false)));
  CHECK((outcome(absl::CancelledError("")) == std::pair(Failure, true)));
  CHECK((outcome(absl::CancelledError(""), StopReason::kClosing) == std::pair(Interrupted, true)));
  CHECK((outcome(absl::CancelledError(""), StopReason::kCancelled) == std::pair(Cancelled, true)));
  CHECK((outcome(absl::InternalError(""), StopReason::kCancelled) == std::pair(Failure, true)));
}

TEST_CASE("a long error is shortened between characters") {
  Attempt attempt;
  std::string text(4093, 'x');
  for (int i = 0; i < 100; ++i) text += "é";
  attempt.result = absl::UnknownError(text);
  const std::string error = OutcomeOf(attempt, 100).error;
  CHECK_LT(error.size(), 4200);
  const size_t cut = error.find("... (");
  REQUIRE_NE(cut, std::string::npos);
  CHECK_EQ((static_cast<unsigned char>(error[cut - 1]) & 0x80) == 0 ||
               (static_cast<unsigned char>(error[cut - 1]) & 0xC0) == 0x80,
           true);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::engine::parts_test
