// Event tasks with an activity: they wait for their signal, then handle it.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/why.h"
#include "tests/core/world.h"

namespace stet::core::event_activity_test {
namespace {

using schema::AttemptOutcome;

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
  }
  // The execution, and its event task.
  RunRef Start() {
    std::vector<Task> tasks = {{.name = "order", .activity = "ship"},
                               {.name = "bill", .activity = "bill", .after = {"order"}}};
    tasks[0].kind = EventTask{.signal = "go", .timeout = absl::Seconds(10)};
    return {.execution = w.Start(w.Define(Workflow{.name = "w", .tasks = std::move(tasks)}))};
  }
  void Send(RunRef run, std::string_view payload) {
    w.Must(SendSignal{.execution = run.execution, .name = "go", .payload = {.bytes = payload}});
  }
  World w;
};

TEST_SUITE_BEGIN("core::event_activity");

TEST_CASE_FIXTURE(Fixture, "an event task with an activity waits without a worker, then runs it") {
  const RunRef run = Start();
  REQUIRE(NextWait(w.state()).has_value());
  CHECK_EQ(w.Begin(), run);
  CHECK(w.slot(run).waits);
  CHECK_EQ(w.state().activities().Find("ship")->running, 0);
  Send(run, "[42]");
  CHECK_EQ(w.slot(run).state, TaskState::kReady);
  CHECK_EQ(w.slot(run).output.bytes, 4);
  CHECK_FALSE(NextWait(w.state()).has_value());
  CHECK_EQ(w.Begin(), run);
  CHECK_FALSE(w.slot(run).waits);
  CHECK_EQ(w.state().activities().Find("ship")->running, 1);
  CHECK_EQ(w.task(run.execution, 1), TaskState::kPending);
  w.Succeed(run);
  CHECK_EQ(w.task(run.execution, 1), TaskState::kReady);
  w.Succeed(w.Begin());
  CHECK_EQ(w.execution(run.execution).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "a signal that came before is handled at once") {
  const RunRef run = Start();
  Send(run, "[1]");
  CHECK_EQ(w.Begin(), run);
  CHECK_EQ(w.slot(run).state, TaskState::kReady);
  CHECK_EQ(w.Begin(), run);
  CHECK_EQ(w.slot(run).state, TaskState::kRunning);
}

TEST_CASE_FIXTURE(Fixture, "a retry of the activity has the signal and does not wait again") {
  const RunRef run = Start();
  w.Succeed([&] {
    (void)w.Begin();
    Send(run, "[1]");
    w.Fail(w.Begin());
    CHECK_EQ(w.execution(run.execution).state, ExecutionState::kFailed);
    w.Crash();
    w.Open();
    w.Must(Reopen{.execution = run.execution});
    w.Settle();
    CHECK_FALSE(NextWait(w.state()).has_value());
    const RunRef again = w.Begin();
    CHECK_EQ(w.slot(again).output.bytes, 3);
    return again;
  }());
}

TEST_CASE_FIXTURE(Fixture, "a wait that times out fails the task; a retry waits anew") {
  const RunRef run = Start();
  (void)w.Begin();
  w.now() += 11 * kSecond;
  w.Must(EndWait{.run = run, .token = w.slot(run).token()});
  w.Settle();
  CHECK_EQ(w.execution(run.execution).state, ExecutionState::kFailed);
  w.Must(Reopen{.execution = run.execution});
  w.Settle();
  CHECK(NextWait(w.state()).has_value());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::event_activity_test
