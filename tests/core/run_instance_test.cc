// The rules of a run, each refusal with its fields.
#include "stet/run_instance.h"

#include <limits>

#include <doctest/doctest.h>

#include "stet/reason.h"

namespace stet::run_instance_test {
namespace {

constexpr FencingToken kFirst = {.epoch = 1, .seq = 10};
constexpr FencingToken kSecond = {.epoch = 1, .seq = 20};

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(seconds); }

// A run that was created ready at 100 s.
RunInstance Ready() { return *RunInstance::NewReady(7, At(90), At(100), 5); }

RunInstance Running() {
  RunInstance run = Ready();
  CHECK(run.TransitionToLeased({.owner = "w1"}, At(101)).ok());
  CHECK(run.TransitionTo(RunState::kRunning, At(102)).ok());
  return run;
}

RunInstance Active() {
  RunInstance run = Running();
  CHECK(run.StartAttempt(kFirst).ok());
  return run;
}

// A run in `state`, as storage would bring it back.
RunInstance In(RunState state) {
  RunInstance::Fields fields = {.id = 1, .task_id = 2, .state = state};
  if (state == RunState::kRetryWait) fields.wake_at = At(1);
  return *RunInstance::Restore(fields);
}

// `status` is a refusal for `reason`, and `run` is still what it was.
void CheckRefused(const absl::Status& status, Reason reason) {
  CHECK_FALSE(status.ok());
  CHECK_EQ(ReasonOf(status), reason);
}

TEST_SUITE_BEGIN("RunInstance");

TEST_CASE("constructors check ids and causality") {
  CheckRefused(RunInstance::NewScheduled(0, At(1), At(1)).status(), Reason::kInvalidTaskId);
  CheckRefused(RunInstance::NewScheduledWithId(0, 1, At(1), At(1)).status(), Reason::kInvalidRunId);
  CheckRefused(RunInstance::NewReady(0, At(1), At(1), 0).status(), Reason::kInvalidTaskId);
  CheckRefused(RunInstance::NewReadyWithId(0, 1, At(1), At(1), 0).status(), Reason::kInvalidRunId);
  const absl::Status late = RunInstance::NewReady(1, At(3), At(2), 0).status();
  CheckRefused(late, Reason::kReadyScheduledAtAfterCreatedAt);
  CHECK_EQ(ReasonField(late, "scheduled_at"), "3000000000");
  CHECK_EQ(ReasonField(late, "created_at"), "2000000000");
  CHECK(RunInstance::NewReady(1, At(2), At(2), 0).ok());
  CHECK(RunInstance::NewScheduled(1, At(9), At(2)).ok());
  CHECK_EQ(RunInstance::NewScheduledWithId(8, 1, At(9), At(2))->id(), 8);
  CHECK_EQ(RunInstance::NewReadyWithId(8, 1, At(1), At(2), 0)->state(), RunState::kReady);
}

TEST_CASE("every pair of states moves as the table says, and a refusal changes nothing") {
  for (size_t from = 0; from < kRunStateCount; ++from) {
    for (size_t to = 0; to < kRunStateCount; ++to) {
      RunInstance run = In(static_cast<RunState>(from));
      const RunInstance before = run;
      const absl::Status status = run.TransitionTo(static_cast<RunState>(to), At(50));
      if (CanMove(before.state(), static_cast<RunState>(to))) {
        CHECK(status.ok());
        CHECK_EQ(run.state(), static_cast<RunState>(to));
        CHECK_EQ(run.fields().last_state_change_at, At(50));
      } else {
        CheckRefused(status, Reason::kInvalidTransition);
        CHECK_EQ(ReasonField(status, "from"), ToString(before.state()));
        CHECK_EQ(ReasonField(status, "to"), ToString(static_cast<RunState>(to)));
        CHECK(run == before);
      }
    }
  }
}

TEST_CASE("attempts start and finish only in Running") {
  for (size_t i = 0; i < kRunStateCount; ++i) {
    const auto state = static_cast<RunState>(i);
    if (state == RunState::kRunning) continue;
    RunInstance run = In(state);
    const absl::Status start = run.StartAttempt(kFirst);
    CheckRefused(start, Reason::kAttemptStartRequiresRunning);
    CHECK_EQ(ReasonField(start, "state"), ToString(state));
    const absl::Status finish = run.FinishAttempt(kFirst);
    CheckRefused(finish, Reason::kAttemptFinishRequiresRunning);
    CHECK_EQ(ReasonField(finish, "state"), ToString(state));
  }
}

TEST_CASE("one attempt owns the run") {
  RunInstance run = Active();
  CHECK_EQ(run.attempt_count(), 1);
  const absl::Status second = run.StartAttempt(kSecond);
  CheckRefused(second, Reason::kAttemptAlreadyActive);
  CHECK_EQ(ReasonField(second, "attempt"), "1:10");
  const absl::Status other = run.FinishAttempt(kSecond);
  CheckRefused(other, Reason::kAttemptOwnershipMismatch);
  CHECK_EQ(ReasonField(other, "expected"), "1:10");
  CHECK_EQ(ReasonField(other, "actual"), "1:20");
  CHECK(run.FinishAttempt(kFirst, true).ok());
  CHECK_EQ(run.fields().lost_count, 1);
  CheckRefused(run.FinishAttempt(kFirst), Reason::kNoActiveAttempt);
}

TEST_CASE("leaving Running needs no active attempt, except to Canceled, which closes it") {
  for (const RunState to :
       {RunState::kRetryWait, RunState::kSuspended, RunState::kCompleted, RunState::kFailed}) {
    RunInstance run = Active();
    const absl::Status status = run.TransitionTo(to, At(103));
    CheckRefused(status, Reason::kAttemptInProgress);
    CHECK_EQ(ReasonField(status, "attempt"), "1:10");
    CHECK_EQ(run.state(), RunState::kRunning);
  }
  RunInstance run = Active();
  CHECK(run.TransitionTo(RunState::kCanceled, At(103)).ok());
  CHECK_FALSE(run.current_attempt().has_value());
  CHECK_FALSE(run.fields().lease.has_value());
}

TEST_CASE("attempts are counted without overflow") {
  RunInstance::Fields fields = {.id = 1, .task_id = 1, .state = RunState::kRunning};
  fields.attempt_count = std::numeric_limits<uint32_t>::max();
  RunInstance run = *RunInstance::Restore(fields);
  CheckRefused(run.StartAttempt(kFirst), Reason::kAttemptCountOverflow);
  CHECK_FALSE(run.current_attempt().has_value());
}

TEST_CASE("the priority changes only when becoming or being ready") {
  RunInstance run = Ready();
  CHECK_EQ(run.fields().effective_priority, 5);
  CHECK(run.SetEffectivePriority(6).ok());
  CHECK_EQ(run.fields().effective_priority, 6);
  RunInstance scheduled = In(RunState::kScheduled);
  const absl::Status status = scheduled.SetEffectivePriority(1);
  CheckRefused(status, Reason::kPriorityMutationRequiresReady);
  CHECK_EQ(ReasonField(status, "state"), "scheduled");
  CHECK(scheduled.PromoteToReady(9, At(2)).ok());
  CHECK_EQ(scheduled.fields().effective_priority, 9);
  RunInstance done = In(RunState::kCompleted);
  CheckRefused(done.PromoteToReady(1, At(2)), Reason::kInvalidTransition);
  CHECK_EQ(done.fields().effective_priority, 0);
}

TEST_CASE("a retry knows when it wakes, and forgets it") {
  RunInstance run = Active();
  CHECK(run.FinishAttempt(kFirst).ok());
  CHECK(run.TransitionToRetryWait(At(200), At(103)).ok());
  CHECK_EQ(run.fields().wake_at, At(200));
  CHECK(run.PromoteToReady(5, At(200)).ok());
  CHECK_FALSE(run.fields().wake_at.has_value());
}

TEST_CASE("what is restored must be possible") {
  const RunInstance::Fields good = Active().fields();
  CHECK(*RunInstance::Restore(good) == Active());
  const auto field = [&good](auto change) {
    RunInstance::Fields bad = good;
    change(bad);
    const absl::Status status = RunInstance::Restore(bad).status();
    CHECK_EQ(ReasonOf(status), Reason::kInvalidRun);
    return ReasonField(status, "field");
  };
  using Fields = RunInstance::Fields;
  CHECK_EQ(field([](Fields& f) { f.state = RunState::kReady; }), "current_attempt");
  CHECK_EQ(field([](Fields& f) { f.current_attempt = FencingToken{}; }), "current_attempt");
  CHECK_EQ(field([](Fields& f) { f.attempt_count = 0; }), "attempt_count");
  CHECK_EQ(field([](Fields& f) { f.lost_count = 2; }), "lost_count");
  CHECK_EQ(field([](Fields& f) { f.wake_at = At(1); }), "wake_at");
  CHECK_EQ(field([](Fields& f) { f.last_state_change_at = At(1); }), "last_state_change_at");
  CHECK_EQ(field([](Fields& f) { f.state = static_cast<RunState>(99); }), "state");
  CHECK_EQ(field([](Fields& f) {
             f.state = RunState::kCompleted;
             f.current_attempt.reset();
           }),
           "lease");
  RunInstance::Fields nil = good;
  nil.id = 0;
  CheckRefused(RunInstance::Restore(nil).status(), Reason::kInvalidRunId);
  nil.task_id = 0;
  CheckRefused(RunInstance::Restore(nil).status(), Reason::kInvalidTaskId);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::run_instance_test
