// The life of an execution, command by command.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/views.h"
#include "tests/core/world.h"

namespace stet::core::execution_test {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

// a -> b -> c
Workflow Chain() {
  return {.name = "chain", .tasks = {Named("a"), Named("b", {"a"}), Named("c", {"b"})}};
}

struct Fixture {
  explicit Fixture(DecideOptions options = {}) : w(options) {
    w.CompareAlways();
    w.Open();
  }
  World w;
};

TEST_SUITE_BEGIN("core::execution");

TEST_CASE_FIXTURE(Fixture, "a successful local task costs three events") {
  const uint64_t id = w.Start(w.Define(Chain()));
  const RunRef a = w.Begin();
  CHECK_EQ(w.group(), std::vector{EventType::AttemptStarted});
  w.Succeed(a);
  CHECK_EQ(w.group(), std::vector{EventType::AttemptFinished, EventType::TasksReady});
  w.Succeed(w.Begin());
  w.Succeed(w.Begin());
  CHECK_EQ(w.group(), std::vector{EventType::AttemptFinished, EventType::ExecutionEnded});
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  CHECK_EQ(w.state().live_executions(), 0);
}

TEST_CASE_FIXTURE(Fixture, "starting is idempotent in the key") {
  const WorkflowHash chain = w.Define(Chain());
  const WorkflowHash other = w.Define(Workflow{.name = "other", .tasks = {Named("x")}});
  const uint64_t id = w.Start(chain, "order-42", "{}");
  CHECK_EQ(id, w.state().seq() - 1);
  const uint64_t seq = w.state().seq();
  CHECK_EQ(w.Start(chain, "order-42", "{}"), id);
  CHECK_EQ(w.state().seq(), seq);

  absl::Status status = w.Do(StartExecution{.workflow = other, .key = "order-42"});
  CHECK_EQ(ReasonOf(status), Reason::kDefinitionDiffers);
  CHECK_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  CHECK_EQ(ReasonField(status, "key"), "order-42");
  CHECK_EQ(ReasonField(status, "expected"), ToString(chain));
  CHECK_EQ(ReasonField(status, "actual"), ToString(other));
  status = w.Do(StartExecution{.workflow = chain, .key = "order-42", .input = {.bytes = "[]"}});
  CHECK_EQ(ReasonOf(status), Reason::kInputDiffers);
  CHECK_EQ(ReasonField(status, "key"), "order-42");
  CHECK_EQ(w.Refused(StartExecution{.workflow = chain,
                                    .key = "order-42",
                                    .input = {.bytes = "{}", .content_type = "text/plain"}}),
           Reason::kInputDiffers);
  CHECK_NE(w.Start(chain, "order-43", "{}"), id);
}

TEST_CASE_FIXTURE(Fixture, "a start that cannot be is refused") {
  const WorkflowHash chain = w.Define(Chain());
  CHECK_EQ(w.Refused(StartExecution{.workflow = {.high = 1, .low = 2}, .key = "k"}),
           Reason::kUnknownWorkflow);
  CHECK_EQ(w.Refused(StartExecution{.workflow = chain, .key = ""}), Reason::kInvalidKey);
  CHECK_EQ(w.Refused(StartExecution{.workflow = chain, .key = "a\tb"}), Reason::kInvalidKey);
  const std::string key(256, 'k');
  CHECK_EQ(w.Refused(StartExecution{.workflow = chain, .key = key}), Reason::kInvalidKey);
  const std::string large((8 << 20) + 1, 'x');
  const absl::Status status =
      w.Do(StartExecution{.workflow = chain, .key = "k", .input = {.bytes = large}});
  CHECK_EQ(ReasonOf(status), Reason::kTooLarge);
  CHECK_EQ(ReasonField(status, "what"), "input");
  const std::string type(256, 't');
  const absl::Status typed =
      w.Do(StartExecution{.workflow = chain, .key = "k", .input = {.content_type = type}});
  CHECK_EQ(ReasonOf(typed), Reason::kTooLarge);
  CHECK_EQ(ReasonField(typed, "what"), "content type of an input");
}

TEST_CASE_FIXTURE(Fixture, "commands that name nobody are refused") {
  const uint64_t id = w.Start(w.Define(Chain()));
  const RunRef nobody = {.execution = id + 100, .task = 0};
  const RunRef no_task = {.execution = id, .task = 3};
  CHECK_EQ(w.Refused(StartAttempt{.run = nobody}), Reason::kUnknownExecution);
  CHECK_EQ(w.Refused(FinishAttempt{.run = nobody}), Reason::kUnknownExecution);
  CHECK_EQ(w.Refused(TimeoutAttempt{.run = nobody}), Reason::kUnknownExecution);
  CHECK_EQ(w.Refused(WakeRetry{.run = nobody}), Reason::kUnknownExecution);
  CHECK_EQ(w.Refused(RequestCancel{.execution = id + 100}), Reason::kUnknownExecution);
  CHECK_EQ(w.Refused(StartAttempt{.run = no_task}), Reason::kUnknownTask);
  CHECK_EQ(w.Refused(FinishAttempt{.run = no_task}), Reason::kUnknownTask);
  CHECK_EQ(w.Refused(TimeoutAttempt{.run = no_task}), Reason::kUnknownTask);
  const absl::Status status = w.Do(WakeRetry{.run = no_task});
  CHECK_EQ(ReasonOf(status), Reason::kUnknownTask);
  CHECK_EQ(ReasonField(status, "task"), "3");
  CHECK_EQ(w.Refused(Continue{.execution = id}), Reason::kNothingToContinue);
  CHECK_EQ(w.Refused(Continue{.execution = 0}), Reason::kNothingToContinue);
}

TEST_CASE("no attempt starts before an epoch is open") {
  World w;
  const uint64_t id = w.Start(w.Define(Chain()));
  CHECK_EQ(w.Refused(StartAttempt{.run = {.execution = id}}), Reason::kClosed);
}

TEST_CASE_FIXTURE(Fixture, "epochs only grow, and engine time never steps back") {
  const absl::Status status = w.Do(OpenEngine{.epoch = 1});
  CHECK_EQ(ReasonOf(status), Reason::kEpochNotNewer);
  CHECK_EQ(ReasonField(status, "expected"), "2");
  CHECK_EQ(ReasonField(status, "actual"), "1");
  const int64_t time = w.state().time_ns();
  w.now() -= 50 * kSecond;
  w.Open();
  CHECK_EQ(w.state().time_ns(), time);
  w.Start(w.Define(Chain()));
  CHECK_EQ(w.state().time_ns(), time);
}

TEST_CASE_FIXTURE(Fixture, "only what is ready starts") {
  const uint64_t id = w.Start(w.Define(Chain()));
  const absl::Status status = w.Do(StartAttempt{.run = {.execution = id, .task = 1}});
  CHECK_EQ(ReasonOf(status), Reason::kNotReady);
  CHECK_EQ(ReasonField(status, "state"), "pending");
  CHECK_EQ(ReasonField(status, "task"), "b");
  const RunRef a = w.Begin();
  CHECK_EQ(w.Refused(StartAttempt{.run = a}), Reason::kNotReady);
}

TEST_CASE_FIXTURE(Fixture, "a report from an attempt that does not own its run changes nothing") {
  w.Start(w.Define(Chain()));
  const RunRef a = w.Begin();
  const Token token = w.slot(a).token();
  FinishAttempt stale = w.ReportOn(a, AttemptOutcome::Success);
  stale.token.seq += 1;
  const absl::Status status = w.Do(stale);
  CHECK_EQ(ReasonOf(status), Reason::kAttemptOwnershipMismatch);
  CHECK_EQ(ReasonField(status, "expected"), ToString(token));
  CHECK_EQ(ReasonField(status, "actual"), ToString(stale.token));
  stale.token = {.epoch = token.epoch + 1, .seq = token.seq};
  CHECK_EQ(w.Refused(stale), Reason::kAttemptOwnershipMismatch);
  CHECK_EQ(w.Refused(TimeoutAttempt{.run = a, .token = stale.token}),
           Reason::kAttemptOwnershipMismatch);
  const FinishAttempt report = w.ReportOn(a, AttemptOutcome::Success);
  w.Must(report);
  const absl::Status again = w.Do(report);
  CHECK_EQ(ReasonOf(again), Reason::kAttemptFinishRequiresRunning);
  CHECK_EQ(ReasonField(again, "state"), "completed");
}

TEST_CASE_FIXTURE(Fixture, "the old attempt of a retried run is refused while the new one runs") {
  Workflow workflow = {.name = "w", .tasks = {Named("a")}};
  workflow.tasks[0].timeout = absl::Seconds(1);
  workflow.tasks[0].retry.max_attempts = 2;
  w.Start(w.Define(workflow));
  const RunRef a = w.Begin();
  const Token zombie = w.slot(a).token();
  w.now() += kSecond;
  w.Must(TimeoutAttempt{.run = a, .token = zombie});
  w.now() = w.slot(a).due_at;
  w.Must(WakeRetry{.run = a});
  w.Begin();
  CHECK_EQ(w.Refused(FinishAttempt{.run = a, .token = zombie}), Reason::kAttemptOwnershipMismatch);
  w.Succeed(a);
}

TEST_CASE_FIXTURE(Fixture, "reports that contradict themselves are refused") {
  w.Start(w.Define(Chain()));
  const RunRef a = w.Begin();
  FinishAttempt report = w.ReportOn(a, AttemptOutcome::Success);
  report.error = "but";
  CHECK_EQ(w.Refused(report), Reason::kInvalidOutcome);
  report = w.ReportOn(a, AttemptOutcome::Failure);
  report.output.bytes = "{}";
  CHECK_EQ(w.Refused(report), Reason::kInvalidOutcome);
  const absl::Status status = w.Do(w.ReportOn(a, AttemptOutcome::Cancelled));
  CHECK_EQ(ReasonOf(status), Reason::kInvalidOutcome);
  CHECK_EQ(ReasonField(status, "outcome"), "cancelled");
  const std::string large((8 << 20) + 1, 'x');
  report = w.ReportOn(a, AttemptOutcome::Success);
  report.output.bytes = large;
  CHECK_EQ(w.Refused(report), Reason::kTooLarge);
}

TEST_CASE_FIXTURE(Fixture,
                  "higher priority first, then first come, also for those that come late") {
  Workflow workflow = {.name = "w"};
  workflow.tasks = {Named("low"), Named("first"), Named("second"), Named("late", {"first"})};
  workflow.tasks[0].priority = -5;
  workflow.tasks[3].priority = 9;
  const uint64_t id = w.Start(w.Define(workflow));
  const RunRef first = w.Begin();
  CHECK_EQ(first.task, 1);
  w.Succeed(first);
  CHECK_EQ(w.Begin(), RunRef{.execution = id, .task = 3});
  CHECK_EQ(w.Begin(), RunRef{.execution = id, .task = 2});
  CHECK_EQ(w.Begin(), RunRef{.execution = id, .task = 0});
  CHECK_FALSE(NextReady(w.state()).has_value());
}

TEST_CASE_FIXTURE(Fixture, "the caller may pass over activities, and each is asked once") {
  Workflow workflow = {.name = "w", .tasks = {Named("a"), Named("a2"), Named("b")}};
  workflow.tasks[2].activity = "other";
  const uint64_t id = w.Start(w.Define(workflow));
  uint32_t asked = 0;
  const auto run = NextReady(w.state(), [&](const StartGate& gate) {
    const uint32_t activity = gate.activity;
    ++asked;
    return w.state().activities()[activity].name == "other";
  });
  CHECK_EQ(run, RunRef{.execution = id, .task = 2});
  CHECK_EQ(asked, 2);
  CHECK_FALSE(NextReady(w.state(), [](const StartGate&) { return false; }).has_value());
}

TEST_CASE("what waits becomes more urgent, if it is to, and none waits for ever") {
  World w;
  w.Open();
  Workflow workflow = {.name = "w", .tasks = {{.name = "t", .activity = "a"}}};
  const WorkflowHash low = w.Define(workflow);
  workflow.tasks[0].priority = 5;
  const WorkflowHash high = w.Define(workflow);
  const RunRef old = {.execution = w.Start(low, "old")};
  const auto any = [](const StartGate&) { return true; };
  const auto next = [&] {
    return NextReady(w.state(), any, {.per_point_ns = kSecond, .now_ns = w.now()});
  };
  // More urgent ones keep coming.
  for (int i = 0;; ++i) {
    REQUIRE_LT(i, 10);
    w.now() += kSecond;
    const RunRef urgent = {.execution = w.Start(high, std::to_string(i))};
    CHECK_EQ(NextReady(w.state()), urgent);
    if (next() == old) {
      // Five points, and it came first.
      CHECK_EQ(i, 4);
      break;
    }
    CHECK_EQ(next(), urgent);
    w.Must(StartAttempt{.run = urgent});
  }
}

TEST_CASE_FIXTURE(Fixture, "a task whose parent is only ready stays pending") {
  // c depends on b; b is ready, then runs: neither releases c.
  const uint64_t id =
      w.Start(w.Define(Workflow{.name = "w", .tasks = {Named("b"), Named("c", {"b"})}}));
  CHECK_EQ(w.task(id, 0), TaskState::kReady);
  CHECK_EQ(w.task(id, 1), TaskState::kPending);
  const RunRef b = w.Begin();
  CHECK_EQ(w.task(id, 1), TaskState::kPending);
  CHECK_FALSE(NextReady(w.state()).has_value());
  w.Crash();
  w.Open();
  w.Settle();
  CHECK_EQ(w.task(id, 1), TaskState::kPending);
  w.Must(WakeRetry{.run = b});
  w.Succeed(w.Begin());
  CHECK_EQ(w.task(id, 1), TaskState::kReady);
}

TEST_CASE_FIXTURE(Fixture, "a dependency named twice counts once") {
  const uint64_t id =
      w.Start(w.Define(Workflow{.name = "w", .tasks = {Named("a"), Named("b", {"a", "a"})}}));
  w.Succeed(w.Begin());
  CHECK_EQ(w.task(id, 1), TaskState::kReady);
}

TEST_CASE_FIXTURE(Fixture, "reports show tasks, outputs and errors") {
  Workflow workflow = Chain();
  workflow.tasks[1].retry.max_attempts = 1;
  const uint64_t id = w.Start(w.Define(workflow), "key", "{\"in\":1}");
  FinishAttempt report = w.ReportOn(w.Begin(), AttemptOutcome::Success);
  report.output.bytes = "42";
  w.Must(report);
  report = w.ReportOn(w.Begin(), AttemptOutcome::Failure);
  report.error = "no luck";
  w.Must(report);
  const auto payloads = [this](const PayloadRef& ref) {
    const auto carried = PayloadsIn(w.log()[ref.seq - 1].ref());
    REQUIRE(carried.has_value());
    CHECK_EQ(carried->bytes.size(), ref.bytes);
    return Payload(std::string(carried->bytes));
  };
  const ExecutionReport made = MakeReport(w.state(), w.execution(id), payloads);
  CHECK_EQ(made.state, ExecutionState::kFailed);
  CHECK_EQ(made.key, "key");
  CHECK_EQ(made.workflow, "chain");
  REQUIRE_EQ(made.tasks.size(), 3);
  CHECK_EQ(made.tasks[0].output->bytes, "42");
  CHECK_EQ(made.tasks[1].state, TaskState::kDeadLettered);
  CHECK_EQ(made.tasks[1].error, "no luck");
  CHECK_FALSE(made.tasks[1].output.has_value());
  CHECK_EQ(made.tasks[2].state, TaskState::kSkipped);
  CHECK_EQ(made.tasks[2].error, "'b' failed");
  CHECK_FALSE(made.tasks[2].started_at.has_value());
  const std::vector<DeadLetter> letters = MakeDeadLetters(w.state(), payloads);
  REQUIRE_EQ(letters.size(), 1);
  CHECK_EQ(letters[0].task, "b");
  CHECK_EQ(letters[0].error, "no luck");
  CHECK_EQ(letters[0].input.bytes, "{\"in\":1}");
  CHECK_EQ(letters[0].attempts, 1);
  CHECK_EQ(MakeSummary(w.execution(id)).counts[static_cast<size_t>(TaskState::kSkipped)], 1);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::execution_test
