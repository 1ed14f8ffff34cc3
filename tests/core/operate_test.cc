// What operators do: pause, set priorities, retry, requeue, drop, purge.
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/core/world.h"

namespace stet::core::operate_test {
namespace {

using schema::AttemptOutcome;
using schema::EventType;

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

// Two that fail; "both" waits for the two, "left" for one.
Workflow TwoBad() {
  return {.name = "two",
          .tasks = {Named("bad"), Named("worse"), Named("left", {"bad"}),
                    Named("both", {"left", "worse"}), Named("free")}};
}

struct Fixture {
  Fixture() {
    w.CompareAlways();
    w.Open();
  }
  // Fails `bad` and `worse`, and completes what else there is.
  uint64_t Broken(std::string key = "k") {
    const uint64_t id = w.Start(w.Define(TwoBad()), std::move(key));
    while (const auto run = NextReady(w.state())) {
      w.Must(StartAttempt{.run = *run});
      if (run->task <= 1) {
        w.Fail(*run);
        w.Settle();
      } else {
        w.Succeed(*run);
      }
    }
    return id;
  }
  void SucceedAll() {
    while (NextReady(w.state()).has_value()) w.Succeed(w.Begin());
  }
  std::vector<std::string> States(uint64_t id) {
    std::vector<std::string> states;
    for (const TaskSlot& slot : w.execution(id).tasks) states.emplace_back(ToString(slot.state));
    return states;
  }
  World w;
};

using Words = std::vector<std::string>;

TEST_SUITE_BEGIN("core::operate");

TEST_CASE_FIXTURE(Fixture, "a retry begins all that failed anew, and the execution runs again") {
  const uint64_t id = Broken();
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  CHECK_EQ(States(id), Words{"dead_lettered", "dead_lettered", "skipped", "skipped", "completed"});
  const RunRef bad = {.execution = id, .task = 0};
  w.Must(Reopen{.execution = id});
  CHECK_EQ(w.group(), std::vector{EventType::TasksReopened});
  CHECK_EQ(w.execution(id).state, ExecutionState::kRunning);
  CHECK_EQ(States(id), Words{"pending", "pending", "pending", "pending", "completed"});
  CHECK(w.state().dead_letters().empty());
  CHECK_EQ(w.slot(bad).generation, 2);
  CHECK_EQ(w.slot(bad).attempts, 0);
  CHECK_EQ(w.execution(id).tasks[4].generation, 1);
  w.Settle();
  SucceedAll();
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  CHECK_EQ(w.slot(bad).attempts, 1);
  CHECK_EQ(w.Refused(Reopen{.execution = id}), Reason::kNothingToRetry);
}

TEST_CASE_FIXTURE(Fixture, "a requeued letter takes along what was given up for it alone") {
  const uint64_t id = Broken();
  w.Must(Reopen{.execution = id, .task = 0});
  CHECK_EQ(States(id), Words{"pending", "dead_lettered", "pending", "skipped", "completed"});
  CHECK_EQ(w.state().dead_letters().size(), 1);
  w.Settle();
  SucceedAll();
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  // Now "both" waits for the other one only.
  w.Must(Reopen{.execution = id, .task = 1});
  CHECK_EQ(States(id), Words{"completed", "pending", "completed", "pending", "completed"});
  CHECK_EQ(w.execution(id).generation, 3);
  w.Settle();
  SucceedAll();
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "a letter can be requeued while its execution still runs") {
  const uint64_t id = w.Start(w.Define(TwoBad()));
  const RunRef bad = w.Begin();
  w.Fail(bad);
  CHECK_EQ(w.execution(id).state, ExecutionState::kRunning);
  w.Must(Reopen{.execution = id, .task = 0});
  w.Settle();
  SucceedAll();
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE("a letter whose skip cascade was cut has to wait for it") {
  World w(DecideOptions{.part_tasks = 1});
  w.CompareAlways();
  w.Open();
  Workflow star = {.name = "star", .tasks = {Named("hub")}};
  for (int i = 0; i < 5; ++i) star.tasks.push_back(Named(fmt::format("leaf{}", i), {"hub"}));
  const uint64_t id = w.Start(w.Define(star));
  w.Fail(w.Begin());
  CHECK_EQ(w.Refused(Reopen{.execution = id}), Reason::kWorkPending);
  w.Settle();
  w.Must(Reopen{.execution = id, .task = 0});
  CHECK_EQ(w.execution(id).count(TaskState::kPending), 6);
  w.Settle();
  while (NextReady(w.state()).has_value()) {
    w.Succeed(w.Begin());
    w.Settle();
  }
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "a cancelled execution can be taken up again") {
  const uint64_t id = w.Start(w.Define(TwoBad()));
  const RunRef first = w.Begin();
  w.Must(RequestCancel{.execution = id});
  CHECK_EQ(w.Refused(Reopen{.execution = id}), Reason::kAlreadyCancelled);
  w.Succeed(first);
  CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
  w.Must(Reopen{.execution = id});
  CHECK_FALSE(w.execution(id).cancel_requested);
  w.Settle();
  SucceedAll();
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "what ran before a crash can be retried after it") {
  const uint64_t id = Broken();
  w.Must(Reopen{.execution = id});
  w.Crash();
  w.Open();
  w.Settle();
  SucceedAll();
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "a dropped letter is gone, its task stays as it is") {
  const uint64_t id = Broken();
  const RunRef bad = {.execution = id, .task = 0};
  w.Must(DropDeadLetter{.task = bad});
  CHECK_EQ(w.group(), std::vector{EventType::DeadLetterDropped});
  CHECK_EQ(w.slot(bad).state, TaskState::kDeadLettered);
  CHECK_EQ(w.state().dead_letters().size(), 1);
  CHECK_EQ(w.Refused(DropDeadLetter{.task = bad}), Reason::kUnknownDeadLetter);
  CHECK_EQ(w.Refused(Reopen{.execution = id, .task = 0}), Reason::kUnknownDeadLetter);
  CHECK_EQ(w.Refused(Reopen{.execution = id, .task = 4}), Reason::kUnknownDeadLetter);
  CHECK_EQ(w.Refused(Reopen{.execution = id, .task = 99}), Reason::kUnknownTask);
  CHECK_EQ(w.Refused(Reopen{.execution = 9999}), Reason::kUnknownExecution);
  CHECK_EQ(w.Refused(DropDeadLetter{.task = {.execution = id, .task = 99}}), Reason::kUnknownTask);
  w.Must(Reopen{.execution = id});
}

TEST_CASE_FIXTURE(Fixture, "the last twenty attempts are remembered, over generations") {
  Workflow one = {.name = "one", .tasks = {Named("t")}};
  one.tasks[0].retry.max_attempts = 30;
  const uint64_t id = w.Start(w.Define(one));
  const RunRef run = {.execution = id};
  for (int i = 1; i <= 30; ++i) {
    const RunRef begun = w.Begin();
    FinishAttempt report = w.ReportOn(begun, AttemptOutcome::Failure);
    const std::string error = fmt::format("no {}", i);
    report.error = error;
    w.Must(report);
    if (i < 30) {
      w.now() = w.slot(run).due_at;
      w.Must(WakeRetry{.run = run});
    }
  }
  const auto notes = w.execution(id).history.of(0);
  REQUIRE_EQ(notes.size(), 20);
  CHECK_EQ(notes.front().attempt, 11);
  CHECK_EQ(notes.back().attempt, 30);
  CHECK_EQ(notes.back().error, w.slot(run).error);
  CHECK_LE(notes.back().started_at, notes.back().finished_at);
  w.Must(Reopen{.execution = id});
  w.Settle();
  w.Succeed(w.Begin());
  CHECK_EQ(w.execution(id).history.of(0).back().generation, 2);
  CHECK_EQ(w.execution(id).history.of(0).back().outcome, AttemptOutcome::Success);
  CHECK_EQ(w.execution(id).history.of(0).size(), 20);
}

TEST_CASE_FIXTURE(Fixture, "a task that succeeds at once has no history") {
  const uint64_t id = w.Start(w.Define(TwoBad()));
  SucceedAll();
  CHECK(w.execution(id).history.by_task().empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "a paused execution starts nothing; what runs goes on, timers keep their time") {
  Workflow two = {.name = "two", .tasks = {Named("a"), Named("b")}};
  two.tasks[0].retry.max_attempts = 2;
  const uint64_t id = w.Start(w.Define(two));
  const RunRef a = w.Begin();
  w.Must(PauseExecution{.execution = id});
  CHECK_EQ(w.group(), std::vector{EventType::ExecutionPaused});
  CHECK_FALSE(NextReady(w.state()).has_value());
  const RunRef b = {.execution = id, .task = 1};
  CHECK_EQ(w.Refused(StartAttempt{.run = b}), Reason::kPaused);
  w.Fail(a);
  w.now() = w.slot(a).due_at;
  w.Must(WakeRetry{.run = a});
  CHECK_EQ(w.slot(a).state, TaskState::kReady);
  CHECK_FALSE(NextReady(w.state()).has_value());
  w.Crash();
  w.Open();
  CHECK_FALSE(NextReady(w.state()).has_value());
  w.Must(PauseExecution{.execution = id, .pause = false});
  CHECK_EQ(w.Begin(), b);  // It was ready first.
  CHECK_EQ(w.Begin(), a);
}

TEST_CASE_FIXTURE(Fixture,
                  "a paused execution can be cancelled, and is then not resumed by surprise") {
  const uint64_t id = w.Start(w.Define(TwoBad()));
  w.Must(PauseExecution{.execution = id});
  w.Must(RequestCancel{.execution = id});
  CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
  w.Must(Reopen{.execution = id});
  CHECK_FALSE(w.execution(id).paused);
}

TEST_CASE_FIXTURE(Fixture, "a paused activity holds up its own tasks and no others") {
  Workflow two = {.name = "two", .tasks = {Named("a"), Named("b")}};
  two.tasks[1].activity = "other";
  const uint64_t id = w.Start(w.Define(two));
  w.Must(PauseActivity{.activity = "a"});
  CHECK_EQ(w.Refused(StartAttempt{.run = {.execution = id}}), Reason::kPaused);
  CHECK_EQ(w.Begin(), RunRef{.execution = id, .task = 1});
  CHECK_FALSE(NextReady(w.state()).has_value());
  w.Must(PauseActivity{.activity = "a", .pause = false});
  CHECK_EQ(w.Begin(), RunRef{.execution = id, .task = 0});
  CHECK_EQ(w.state().activities().Find("a")->running, 1);
  w.Must(PauseActivity{.activity = "never seen"});
  CHECK_EQ(w.state().paused_activities(), 1);
}

TEST_CASE_FIXTURE(Fixture, "a paused engine starts nothing at all") {
  const uint64_t id = w.Start(w.Define(TwoBad()));
  const RunRef running = w.Begin();
  w.Must(PauseEngine{});
  CHECK_FALSE(NextReady(w.state()).has_value());
  CHECK_EQ(w.Refused(StartAttempt{.run = {.execution = id, .task = 1}}), Reason::kPaused);
  w.Succeed(running);
  w.Crash();
  w.Open();
  CHECK(w.state().engine_paused());
  w.Must(PauseEngine{.pause = false});
  CHECK(NextReady(w.state()).has_value());
}

TEST_CASE_FIXTURE(Fixture,
                  "pausing twice, resuming what runs, and pausing what ended are refused") {
  const uint64_t id = w.Start(w.Define(TwoBad()));
  CHECK_EQ(w.Refused(PauseExecution{.execution = id, .pause = false}), Reason::kNotPaused);
  w.Must(PauseExecution{.execution = id});
  CHECK_EQ(w.Refused(PauseExecution{.execution = id}), Reason::kAlreadyPaused);
  CHECK_EQ(w.Refused(PauseExecution{.execution = 9999}), Reason::kUnknownExecution);
  CHECK_EQ(w.Refused(PauseEngine{.pause = false}), Reason::kNotPaused);
  w.Must(PauseEngine{});
  CHECK_EQ(w.Refused(PauseEngine{}), Reason::kAlreadyPaused);
  CHECK_EQ(w.Refused(PauseActivity{.activity = "a", .pause = false}), Reason::kNotPaused);
  CHECK_EQ(w.Refused(PauseActivity{.activity = ""}), Reason::kInvalidName);
  w.Must(RequestCancel{.execution = id});
  CHECK_EQ(w.Refused(PauseExecution{.execution = id}), Reason::kExecutionEnded);
  CHECK_EQ(w.Refused(SetPriority{.execution = id, .priority = 1}), Reason::kExecutionEnded);
}

TEST_CASE_FIXTURE(Fixture, "a priority is that of the execution and its task together") {
  Workflow two = {.name = "two", .tasks = {Named("low"), Named("high")}};
  two.tasks[1].priority = 5;
  const WorkflowHash hash = w.Define(two);
  const uint64_t first = w.Start(hash, "first");
  const uint64_t second = w.Start(hash, "second");
  w.Must(SetPriority{.execution = second, .priority = 3});
  CHECK_EQ(w.Begin(), RunRef{.execution = second, .task = 1});  // 8
  CHECK_EQ(w.Begin(), RunRef{.execution = first, .task = 1});   // 5
  CHECK_EQ(w.Begin(), RunRef{.execution = second, .task = 0});  // 3
  w.Must(SetPriority{.execution = first, .priority = INT32_MAX});
  CHECK_EQ(w.execution(first).effective_priority(1), INT32_MAX);
  const size_t events = w.log().size();
  w.Must(SetPriority{.execution = first, .priority = INT32_MAX});
  CHECK_EQ(w.log().size(), events);
}

TEST_CASE_FIXTURE(Fixture, "a purged execution is gone; its key stays taken for a while") {
  const uint64_t id = Broken("gone");
  const uint64_t other = Broken("other");
  const uint64_t live = w.Start(w.Define(TwoBad()), "live");
  CHECK_EQ(w.Refused(Purge{.executions = std::span(&live, 1)}), Reason::kNotEnded);
  const uint64_t ids[] = {id, id};
  w.Must(Purge{.executions = ids, .key_retention_ns = 10 * kSecond});
  CHECK_EQ(w.state().FindExecution(id), nullptr);
  CHECK_EQ(w.state().FindExecutionByKey("gone"), nullptr);
  CHECK_EQ(w.state().FindExecution(other)->key, "other");
  CHECK_EQ(w.state().dead_letters().size(), 2);
  CHECK_EQ(w.state().ended().size(), 1);
  CHECK_EQ(w.Refused(Purge{.executions = ids}), Reason::kUnknownExecution);
  const WorkflowHash hash = w.Define(TwoBad());
  const absl::Status refused = w.Do(StartExecution{.workflow = hash, .key = "gone"});
  CHECK_EQ(ReasonOf(refused), Reason::kExpired);
  CHECK_EQ(ReasonField(refused, "outcome"), "failed");
  CHECK_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  w.now() += 10 * kSecond;
  CHECK_NE(w.Start(hash, "gone"), id);
  CHECK_EQ(w.state().tombstones().size(), 0);
}

TEST_CASE_FIXTURE(Fixture, "keys whose time has passed are forgotten at the next purge") {
  const uint64_t first = Broken("first");
  const uint64_t second = Broken("second");
  w.Must(Purge{.executions = std::span(&first, 1), .key_retention_ns = kSecond});
  CHECK_EQ(w.state().tombstones().size(), 1);
  w.now() += 2 * kSecond;
  w.Must(Purge{.executions = std::span(&second, 1)});
  CHECK_EQ(w.state().tombstones().size(), 0);
  w.Start(w.Define(TwoBad()), "second");
}

TEST_CASE("nothing is purged while lost attempts are looked for") {
  World w(DecideOptions{.part_tasks = 1});
  w.CompareAlways();
  w.Open();
  const WorkflowHash hash = w.Define({.name = "w", .tasks = {Named("a"), Named("b")}});
  const uint64_t done = w.Start(hash, "done");
  w.Must(RequestCancel{.execution = done});
  w.Settle();
  w.Start(hash, "live");
  w.Settle();
  w.Begin();
  w.Begin();
  w.Crash();
  w.Open();
  CHECK_EQ(w.Refused(Purge{.executions = std::span(&done, 1)}), Reason::kWorkPending);
  CHECK_EQ(w.Refused(Retain{.count_max = 0}), Reason::kWorkPending);
  w.Settle();
  w.Must(Purge{.executions = std::span(&done, 1)});
}

TEST_CASE_FIXTURE(Fixture, "retention takes what is too old and what is too many, oldest first") {
  std::vector<uint64_t> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(Broken(fmt::format("k{}", i)));
    w.now() += kSecond;
  }
  const uint64_t seq_max = w.state().seq();
  w.Must(Retain{.age_ns_max = 4 * kSecond, .seq_max = seq_max});  // k0 ended 5 s ago, k1 4 s.
  CHECK_EQ(w.state().ended().size(), 3);
  w.Must(Retain{.age_ns_max = 100 * kSecond, .count_max = 2, .seq_max = seq_max});
  CHECK_EQ(w.state().ended().size(), 2);
  CHECK_EQ(w.state().FindExecution(ids[2]), nullptr);
  w.Must(Retain{.age_ns_max = 100 * kSecond, .count_max = 2, .seq_max = seq_max});
  CHECK(w.group().empty());
  w.Must(Retain{.count_max = 0, .seq_max = w.execution(ids[3]).seq});
  CHECK_EQ(w.state().ended().size(), 1);  // What is not released yet stays.
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::operate_test
