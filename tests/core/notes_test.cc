// What attempts record while they run: steps, checkpoints, metadata.
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/views.h"
#include "core/why.h"
#include "tests/core/world.h"

namespace stet::core::notes_test {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
    Workflow workflow = {.name = "w", .tasks = {{.name = "t", .activity = "a"}}};
    workflow.tasks[0].retry = {.max_attempts = 5, .backoff = Backoff::Fixed(absl::Seconds(1))};
    run.execution = w.Start(w.Define(workflow));
    w.Begin();
  }
  RecordStep Step(std::string_view name, uint32_t occurrence = 1, std::string_view result = "1") {
    return {.run = run,
            .token = w.slot(run).token(),
            .name = name,
            .occurrence = occurrence,
            .result = {.bytes = result}};
  }
  RecordCheckpoint Checkpoint(std::string_view bytes) {
    return {.run = run, .token = w.slot(run).token(), .checkpoint = {.bytes = bytes}};
  }
  SetMetadata Metadata(std::string_view key, std::string_view value) {
    return {.run = run, .token = w.slot(run).token(), .key = key, .value = value};
  }
  // The next attempt, after a failure of this one.
  void NextAttempt() {
    w.Fail(run);
    w.now() = w.slot(run).due_at;
    w.Must(WakeRetry{.run = run});
    w.Begin();
  }
  const RunNotes* notes() { return w.execution(run.execution).notes.Find(run.task); }
  World w;
  RunRef run = {};
};

TEST_SUITE_BEGIN("core::notes");

TEST_CASE_FIXTURE(Fixture, "a step has one result in its run, whichever attempt recorded it") {
  w.Must(Step("charge"));
  CHECK_EQ(w.group(), std::vector{EventType::StepRecorded});
  const absl::Status again = w.Do(Step("charge"));
  CHECK_EQ(ReasonOf(again), Reason::kStepRecorded);
  CHECK_EQ(ReasonField(again, "step"), "charge");
  CHECK_EQ(ReasonField(again, "occurrence"), "1");
  w.Must(Step("charge", 2));
  NextAttempt();
  CHECK_EQ(w.Refused(Step("charge", 2)), Reason::kStepRecorded);
  w.Must(Step("mail"));
  REQUIRE(notes() != nullptr);
  CHECK_EQ(notes()->steps.size(), 3);
  w.Crash();
  CHECK_EQ(notes()->steps.size(), 3);
}

TEST_CASE_FIXTURE(Fixture, "an attempt that does not own its run records nothing") {
  const RecordStep step = Step("charge");
  const RecordCheckpoint checkpoint = Checkpoint("1");
  const SetMetadata metadata = Metadata("host", "a");
  w.Fail(run);
  CHECK_EQ(w.Refused(step), Reason::kAttemptFinishRequiresRunning);
  CHECK_EQ(w.Refused(checkpoint), Reason::kAttemptFinishRequiresRunning);
  CHECK_EQ(w.Refused(metadata), Reason::kAttemptFinishRequiresRunning);
  w.now() = w.slot(run).due_at;
  w.Must(WakeRetry{.run = run});
  w.Begin();
  CHECK_EQ(w.Refused(step), Reason::kAttemptOwnershipMismatch);
  CHECK_EQ(w.Refused(checkpoint), Reason::kAttemptOwnershipMismatch);
  CHECK_EQ(w.Refused(metadata), Reason::kAttemptOwnershipMismatch);
  CHECK_EQ(notes(), nullptr);
}

TEST_CASE_FIXTURE(Fixture, "a checkpoint takes the place of the one before it") {
  w.Must(Checkpoint("one"));
  w.Must(Checkpoint("two!"));
  REQUIRE(notes() != nullptr);
  CHECK_EQ(notes()->checkpoint.bytes, 4);
  NextAttempt();
  CHECK_EQ(notes()->checkpoint.bytes, 4);
  w.Must(Checkpoint(""));
  CHECK(notes()->checkpoint);
  CHECK_EQ(notes()->checkpoint.bytes, 0);
}

TEST_CASE_FIXTURE(Fixture, "what a run recorded ends with it; metadata stays") {
  w.Must(Step("charge"));
  w.Must(Checkpoint("half"));
  w.Must(Metadata("host", "a"));
  w.Must(Metadata("empty", ""));
  FinishAttempt report = w.ReportOn(run, AttemptOutcome::Failure);
  report.retryable = false;
  w.Must(report);
  REQUIRE(notes() != nullptr);
  CHECK(notes()->steps.empty());
  CHECK_FALSE(notes()->checkpoint);
  const TaskRecord record =
      MakeTaskRecord(w.execution(run.execution), 0, [](const PayloadRef&) { return Payload(); });
  CHECK_EQ(record.metadata, std::map<std::string, std::string>{{"empty", ""}, {"host", "a"}});
  // A new run begins without steps.
  w.Must(Reopen{.execution = run.execution});
  w.Settle();
  w.Begin();
  w.Must(Step("charge"));
  w.Must(Metadata("host", "b"));
  CHECK(w.Do(Metadata("host", "b")).ok());
  CHECK(w.group().empty());
  w.Succeed(run);
  const uint64_t id = run.execution;
  w.Must(Purge{.executions = std::span(&id, 1)});
  CHECK_EQ(w.state().digest(), RecomputeDigest(w.state()));
}

TEST_CASE_FIXTURE(Fixture, "a run that is cancelled while it waits forgets its steps") {
  w.Must(Step("charge"));
  w.Fail(run);
  REQUIRE(notes() != nullptr);
  w.Must(RequestCancel{.execution = run.execution});
  CHECK_EQ(w.task(run.execution, 0), TaskState::kCancelled);
  CHECK_EQ(notes(), nullptr);
}

TEST_CASE_FIXTURE(Fixture, "names, sizes and numbers have limits") {
  CHECK_EQ(w.Refused(Step("")), Reason::kInvalidName);
  CHECK_EQ(w.Refused(Step("a\nb")), Reason::kInvalidName);
  CHECK_EQ(w.Refused(Step("a", 0)), Reason::kInvalidName);
  CHECK_EQ(w.Refused(Metadata("", "v")), Reason::kInvalidName);
  CHECK_EQ(w.Refused(Metadata("k", "\xFF")), Reason::kInvalidName);
  CHECK_EQ(w.Refused(Metadata("k", std::string(kMetadataValueBytesMax + 1, 'x'))),
           Reason::kTooLarge);
  const std::string large(kPayloadBytesMax + 1, 'x');
  CHECK_EQ(w.Refused(Step("a", 1, large)), Reason::kTooLarge);
  CHECK_EQ(w.Refused(Checkpoint(large)), Reason::kTooLarge);
  for (size_t i = 0; i < kMetadataMax; ++i) w.Must(Metadata(fmt::format("k{}", i), ""));
  CHECK_EQ(w.Refused(Metadata("one more", "")), Reason::kTooMuchMetadata);
  w.Must(Metadata("k0", "changed"));
}

TEST_CASE("a run has at most ten thousand steps") {
  World w;
  w.CheckNothing();
  w.Open();
  const RunRef run = {
      .execution = w.Start(w.Define({.name = "w", .tasks = {{.name = "t", .activity = "a"}}}))};
  w.Begin();
  RecordStep step = {.run = run, .token = w.slot(run).token(), .name = "s"};
  for (step.occurrence = 1; step.occurrence <= kStepsMax; ++step.occurrence) w.Must(step);
  const absl::Status status = w.Do(step);
  CHECK_EQ(ReasonOf(status), Reason::kTooManySteps);
  CHECK_EQ(ReasonField(status, "limit"), "10000");
  w.Succeed(run);
  CHECK(w.execution(run.execution).notes.empty());
}

TEST_CASE_FIXTURE(Fixture, "why tells how many steps are recorded") {
  w.Must(Step("charge"));
  const WhyReport report = Explain(
      w.state(), w.execution(run.execution), {}, [](uint32_t) { return true; }, 10);
  REQUIRE_EQ(report.tasks.size(), 1);
  CHECK_NE(report.tasks[0].reason.find("steps recorded: 1"), std::string::npos);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::notes_test
