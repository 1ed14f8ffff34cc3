// Stateful tasks: what a success leaves, and who finds it.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/core/world.h"

namespace stet::core::stateful_test {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
  }
  uint64_t Start(Task task) {
    task.name = "count";
    task.activity = "a";
    return w.Start(w.Define(Workflow{.name = "w", .tasks = {std::move(task)}}));
  }
  // Reports a success that leaves `state`.
  absl::Status Leave(RunRef run, std::string_view state) {
    FinishAttempt report = w.ReportOn(run, AttemptOutcome::Success);
    report.state = PayloadView{.bytes = state};
    return w.Do(report);
  }
  uint64_t bytes(uint64_t id) {
    const RunNotes* notes = w.execution(id).notes.Find(0);
    return notes == nullptr ? 0 : notes->state.bytes;
  }
  World w;
};

TEST_SUITE_BEGIN("core::stateful");

TEST_CASE_FIXTURE(Fixture, "a state stays from run to run, until a success leaves another") {
  const uint64_t id = Start({.kind = StatefulTask(), .repeat = Repeat{.count = 3}});
  CHECK(Leave(w.Begin(), "1").ok());
  CHECK(w.group() == std::vector<EventType>{EventType::StateSaved, EventType::AttemptFinished,
                                            EventType::RetriesWoken});
  CHECK_EQ(bytes(id), 1);
  w.Succeed(w.Begin());
  CHECK_EQ(bytes(id), 1);
  CHECK(Leave(w.Begin(), "23").ok());
  CHECK_EQ(bytes(id), 2);
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "a state outlives failures, retries and the process") {
  const uint64_t id =
      Start({.retry = {.max_attempts = 1}, .kind = StatefulTask(), .repeat = Repeat{.count = 2}});
  CHECK(Leave(w.Begin(), "1").ok());
  w.Fail(w.Begin());
  w.Crash();
  w.Open();
  w.Must(Reopen{.execution = id});
  w.Settle();
  CHECK_EQ(bytes(id), 1);
  w.Succeed(w.Begin());
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  CHECK_EQ(bytes(id), 1);
}

TEST_CASE_FIXTURE(Fixture, "only a success of a stateful task leaves a state") {
  (void)Start({.kind = StatefulTask()});
  const RunRef run = w.Begin();
  FinishAttempt report = w.ReportOn(run, AttemptOutcome::Failure);
  report.state = PayloadView{.bytes = "1"};
  CHECK_EQ(w.Refused(report), Reason::kInvalidOutcome);
  w.Succeed(run);
  const WorkflowHash plain =
      w.Define(Workflow{.name = "p", .tasks = {{.name = "p", .activity = "a"}}});
  (void)w.Start(plain, "plain");
  CHECK_EQ(ReasonOf(Leave(w.Begin(), "1")), Reason::kInvalidOutcome);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::stateful_test
