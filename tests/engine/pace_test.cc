// How a job makes way for the loop.
#include "engine/pace.h"

#include <atomic>
#include <chrono>
#include <thread>

#include <absl/time/clock.h>
#include <doctest/doctest.h>

namespace stet::engine::pace_test {
namespace {

TEST_SUITE_BEGIN("engine::Pace");

// Works for so long, calling Go now and then; `each` stands for what the loop does meanwhile.
template <class Each>
void Work(const Pace& pace, std::chrono::milliseconds time, Each each) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    REQUIRE(pace.Go().ok());
    each();
  }
}

TEST_CASE("a job rests while the loop turns, and never while it does not") {
  std::atomic<uint64_t> turns = 0;
  const Pace busy(&turns);
  Work(busy, std::chrono::milliseconds(100), [&turns] { ++turns; });
  CHECK_GT(busy.rested(), absl::Milliseconds(20));  // More, on a machine that has time for it.
  const Pace idle(&turns);
  Work(idle, std::chrono::milliseconds(20), [] {});
  CHECK_EQ(idle.rested(), absl::ZeroDuration());
  Pace late(&turns);
  late.Hurry();
  Work(late, std::chrono::milliseconds(20), [&turns] { ++turns; });
  CHECK_EQ(late.rested(), absl::ZeroDuration());
  const Pace free;
  Work(free, std::chrono::milliseconds(5), [&turns] { ++turns; });
  CHECK_EQ(free.rested(), absl::ZeroDuration());
}

TEST_CASE("a job that is given up hears of it at once, in a rest too") {
  std::atomic<uint64_t> turns = 0;
  Pace pace(&turns);
  REQUIRE(pace.Go().ok());
  std::thread other([&] {
    absl::SleepFor(absl::Milliseconds(5));
    pace.GiveUp();
  });
  absl::Status status;
  while (status.ok()) {
    ++turns;
    absl::SleepFor(absl::Milliseconds(1));
    status = pace.Go();
  }
  other.join();
  CHECK(absl::IsCancelled(status));
  CHECK(absl::IsCancelled(pace.Go()));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::engine::pace_test
