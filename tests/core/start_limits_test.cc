// Limits of activities: how many run at once, how many start within a time.
#include "core/start_limits.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/core/world.h"

namespace stet::core::start_limits_test {
namespace {

// `tasks` tasks of activity "mail".
Workflow Mails(int tasks) {
  Workflow workflow = {.name = "mails"};
  for (int i = 0; i < tasks; ++i) {
    workflow.tasks.push_back({.name = fmt::format("t{}", i), .activity = "mail"});
  }
  return workflow;
}

struct Fixture {
  Fixture() { w.Open(); }
  // Starts what may start; how many that were.
  int StartAll(StartLimits& limits) {
    for (int started = 0;; ++started) {
      const auto run = NextReady(w.state(), [&](const StartGate& gate) {
        const uint32_t activity = gate.activity;
        return limits.HasRoom(w.state(), activity) && limits.InRate(w.state(), activity, w.now());
      });
      if (!run.has_value()) return started;
      w.Must(StartAttempt{.run = *run});
      limits.Started(
          w.state(),
          w.state().FindExecution(run->execution)->definition->activity_number(run->task), w.now());
    }
  }
  World w;
};

TEST_SUITE_BEGIN("core::StartLimits");

TEST_CASE_FIXTURE(Fixture, "no more attempts of an activity run at once than its limit") {
  StartLimits limits({{"mail", {.concurrency = 2}}});
  const uint64_t id = w.Start(w.Define(Mails(5)));
  CHECK_EQ(StartAll(limits), 2);
  w.Succeed({.execution = id, .task = 0});
  CHECK_EQ(StartAll(limits), 1);
  CHECK_EQ(StartAll(limits), 0);
}

TEST_CASE_FIXTURE(Fixture,
                  "no more attempts of an activity start within any window than its limit") {
  StartLimits limits({{"mail", {.starts = 3, .per = absl::Seconds(10)}}});
  w.Start(w.Define(Mails(20)));
  const int64_t begin = w.now();
  CHECK_EQ(StartAll(limits), 3);
  CHECK_EQ(limits.TakeNextStart(), begin + 10 * kSecond);
  CHECK_EQ(limits.TakeNextStart(), INT64_MAX);
  w.now() = begin + 10 * kSecond - 1;
  CHECK_EQ(StartAll(limits), 0);
  w.now() = begin + 10 * kSecond;
  CHECK_EQ(StartAll(limits), 3);
}

TEST_CASE_FIXTURE(Fixture, "a new process knows what the old one started") {
  const StartLimits::Limits rules = {{"mail", {.starts = 3, .per = absl::Seconds(10)}}};
  const uint64_t id = w.Start(w.Define(Mails(20)));
  {
    StartLimits limits(rules);
    CHECK_EQ(StartAll(limits), 3);
  }
  w.Fail({.execution = id, .task = 1});
  w.Crash();
  w.Open();
  w.Settle();
  StartLimits limits(rules);
  limits.Recall(w.state(), w.now());
  w.now() += 9 * kSecond;
  CHECK_EQ(StartAll(limits), 0);
  w.now() += kSecond;
  CHECK_EQ(StartAll(limits), 3);
}

TEST_CASE_FIXTURE(Fixture, "other activities have no limit") {
  StartLimits limits({{"fax", {.concurrency = 1, .starts = 1, .per = absl::Hours(1)}}});
  w.Start(w.Define(Mails(7)));
  CHECK_EQ(StartAll(limits), 7);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::start_limits_test
