// What runs after failures and at the end: tasks that run all the same, branches, cleanup, compensation.
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/views.h"
#include "core/why.h"
#include "tests/core/world.h"

namespace stet::core::closing_test {
namespace {

using schema::AttemptOutcome;
using schema::Branch;
using schema::EventType;
using schema::SkipCause;

Task Named(std::string name, std::vector<std::string> after = {}) {
  return {.name = std::move(name), .activity = "a", .after = std::move(after)};
}

Task Cleanup(std::string name, Trigger trigger, std::vector<std::string> after = {}) {
  Task task = Named(std::move(name), std::move(after));
  task.trigger = trigger;
  return task;
}

struct Fixture {
  explicit Fixture(DecideOptions options = {}) : w(options) {
    w.CompareAlways();
    w.Open();
  }
  uint64_t Start(std::vector<Task> tasks) {
    return w.Start(w.Define(Workflow{.name = "w", .tasks = std::move(tasks)}));
  }
  std::string_view Name(RunRef run) {
    return w.execution(run.execution).definition->task_name(run.task);
  }
  // Runs what is ready until nothing is; those named in `failing` fail.  The names, in order of start.
  std::string RunAll(const std::string& failing = "") {
    std::string ran;
    w.Settle();
    while (NextReady(w.state()).has_value()) {
      const RunRef run = w.Begin();
      const std::string name(Name(run));
      ran += name + " ";
      const bool fails = (" " + failing + " ").find(" " + name + " ") != std::string::npos;
      fails ? w.Fail(run) : w.Succeed(run);
      w.Settle();
    }
    return ran;
  }
  void Choose(Branch branch) {
    FinishAttempt report = w.ReportOn(w.Begin(), AttemptOutcome::Success);
    report.branch = branch;
    w.Must(report);
    w.Settle();
  }
  SkipCause skip(uint64_t id, uint32_t task) { return w.execution(id).tasks[task].skip; }
  World w;
};

TEST_SUITE_BEGIN("core::closing");

TEST_CASE_FIXTURE(Fixture, "a task that runs all the same runs once all it depends on has ended") {
  std::vector<Task> tasks = {Named("bad"), Named("good"), Named("skipped", {"bad"}),
                             Named("report", {"bad", "good", "skipped"}),
                             Named("last", {"report"})};
  tasks[3].on_upstream_failure = UpstreamFailure::kRun;
  const uint64_t id = Start(tasks);
  const RunRef bad = w.Begin();
  w.Fail(bad);
  w.Settle();
  CHECK_EQ(w.task(id, 2), TaskState::kSkipped);
  CHECK_EQ(w.task(id, 3), TaskState::kPending);  // "good" has not ended
  CHECK_EQ(RunAll(), "good report last ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  // A retry begins what failed anew; what ran all the same stays done.
  w.Must(Reopen{.execution = id});
  CHECK_EQ(RunAll(), "bad skipped ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "a dead letter among failed tasks can be requeued alone") {
  std::vector<Task> tasks = {Named("bad"), Named("worse", {"bad"})};
  tasks[1].on_upstream_failure = UpstreamFailure::kRun;
  const uint64_t id = Start(tasks);
  CHECK_EQ(RunAll("bad worse"), "bad worse ");
  w.Must(Reopen{.execution = id, .task = 1});
  CHECK_EQ(RunAll(), "worse ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
}

TEST_CASE_FIXTURE(Fixture, "the branch not taken is skipped, and what depends on it alone") {
  std::vector<Task> tasks = {Named("if"),
                             Named("yes", {"if"}),
                             Named("no", {"if"}),
                             Named("after no", {"no"}),
                             Named("join", {"yes", "after no"}),
                             Named("free", {"if"})};
  tasks[0].kind = ConditionalTask{.then = {"yes"}, .otherwise = {"no"}};
  const uint64_t id = Start(tasks);
  Choose(Branch::Then);
  CHECK_EQ(skip(id, 2), SkipCause::Branch);
  CHECK_EQ(w.task(id, 3), TaskState::kSkipped);
  CHECK_EQ(skip(id, 3), SkipCause::Branch);
  CHECK_EQ(RunAll(), "yes free join ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  const auto none = [](const PayloadRef&) { return Payload(); };
  CHECK_EQ(MakeTaskRecord(w.execution(id), 2, none).error, "'if' took the branch then");
  CHECK_EQ(MakeTaskRecord(w.execution(id), 3, none).skip, stet::SkipCause::kBranch);
}

TEST_CASE_FIXTURE(Fixture, "a task whose parents were all skipped by branches is skipped too") {
  std::vector<Task> tasks = {Named("if"),        Named("yes", {"if"}),      Named("a", {"if"}),
                             Named("b", {"if"}), Named("join", {"a", "b"}), Named("end", {"join"})};
  tasks[0].kind = ConditionalTask{.then = {"yes"}, .otherwise = {"a", "b"}};
  tasks[5].on_upstream_failure = UpstreamFailure::kRun;
  const uint64_t id = Start(tasks);
  CHECK_EQ(RunAll(), "if yes ");
  CHECK_EQ(w.execution(id).count(TaskState::kSkipped), 4);
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture,
                  "a failure skips past a branch, and a skip by failure satisfies nobody") {
  std::vector<Task> tasks = {Named("if"), Named("no", {"if"}), Named("bad"),
                             Named("join", {"no", "bad"})};
  tasks[0].kind = ConditionalTask{.then = {}, .otherwise = {"no"}};
  const uint64_t id = Start(tasks);
  CHECK_EQ(RunAll("bad"), "if bad ");
  CHECK_EQ(skip(id, 1), SkipCause::Branch);
  CHECK_EQ(w.task(id, 3), TaskState::kSkipped);
  CHECK_EQ(skip(id, 3), SkipCause::Upstream);
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  // The branch stays as it was chosen.
  w.Must(Reopen{.execution = id});
  CHECK_EQ(RunAll(), "bad join ");
  CHECK_EQ(w.task(id, 1), TaskState::kSkipped);
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "a branch cut short by a cancellation stays untaken after a retry") {
  std::vector<Task> tasks = {Named("if"), Named("yes", {"if"}), Named("no", {"if"}),
                             Named("after", {"no"})};
  tasks[0].kind = ConditionalTask{.then = {"yes"}, .otherwise = {"no"}};
  const uint64_t id = Start(tasks);
  FinishAttempt report = w.ReportOn(w.Begin(), AttemptOutcome::Success);
  w.Must(report);
  w.Must(RequestCancel{.execution = id});
  w.Settle();
  CHECK_EQ(w.execution(id).count(TaskState::kCancelled), 3);
  w.Must(Reopen{.execution = id});
  CHECK_EQ(RunAll(), "yes ");
  CHECK_EQ(skip(id, 2), SkipCause::Branch);
  CHECK_EQ(w.task(id, 3), TaskState::kSkipped);
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture,
                  "a choice comes with a success of a conditional task, and with nothing else") {
  std::vector<Task> tasks = {Named("if"), Named("yes", {"if"})};
  tasks[0].kind = ConditionalTask{.then = {"yes"}};
  (void)Start(tasks);
  const RunRef run = w.Begin();
  FinishAttempt report = w.ReportOn(run, AttemptOutcome::Success);
  report.branch = Branch::None;
  CHECK_EQ(w.Refused(report), Reason::kInvalidOutcome);
  report = w.ReportOn(run, AttemptOutcome::Failure);
  report.branch = Branch::Then;
  CHECK_EQ(w.Refused(report), Reason::kInvalidOutcome);
  w.Succeed(run);
  w.Settle();
  report = w.ReportOn(w.Begin(), AttemptOutcome::Success);
  report.branch = Branch::Then;
  CHECK_EQ(w.Refused(report), Reason::kInvalidOutcome);
}

TEST_CASE_FIXTURE(Fixture, "cleanup tasks run at the end, in their order, as their triggers say") {
  const std::vector<Task> tasks = {Cleanup("always", Trigger::kExit, {"a", "failed"}),
                                   Named("a"),
                                   Cleanup("failed", Trigger::kFailure, {"a"}),
                                   Cleanup("done", Trigger::kSuccess),
                                   Cleanup("cancelled", Trigger::kCancel),
                                   Named("b", {"a"})};
  const WorkflowHash hash = w.Define(Workflow{.name = "w", .tasks = tasks});
  const uint64_t good = w.Start(hash, "good");
  CHECK_EQ(RunAll(), "a b always done ");
  CHECK_EQ(w.execution(good).state, ExecutionState::kCompleted);
  CHECK_EQ(skip(good, 2), SkipCause::Trigger);

  const uint64_t bad = w.Start(hash, "bad");
  CHECK_EQ(RunAll("a"), "a failed always ");
  CHECK_EQ(w.execution(bad).state, ExecutionState::kFailed);
  CHECK_EQ(w.task(bad, 5), TaskState::kSkipped);

  const uint64_t gone = w.Start(hash, "gone");
  w.Must(RequestCancel{.execution = gone});
  w.Settle();
  CHECK_EQ(w.execution(gone).state, ExecutionState::kFinishing);
  CHECK_EQ(w.Refused(RequestCancel{.execution = gone}), Reason::kFinishing);
  CHECK_EQ(w.Refused(Reopen{.execution = gone}), Reason::kFinishing);
  CHECK_EQ(RunAll(), "always cancelled ");
  CHECK_EQ(w.execution(gone).state, ExecutionState::kCancelled);
}

TEST_CASE_FIXTURE(
    Fixture, "a cleanup task retries, survives its process, and spoils a success when it fails") {
  std::vector<Task> tasks = {Named("a"), Cleanup("c", Trigger::kExit),
                             Cleanup("d", Trigger::kExit, {"c"})};
  tasks[1].retry.max_attempts = 2;
  const uint64_t id = Start(tasks);
  w.Succeed(w.Begin());
  w.Settle();
  const RunRef c = w.Begin();
  CHECK_EQ(c.task, 1);
  w.Crash();
  w.Open();
  w.Settle();
  w.Must(WakeRetry{.run = c});
  w.Fail(w.Begin());
  w.now() = w.slot(c).due_at;
  w.Must(WakeRetry{.run = c});
  CHECK_EQ(RunAll("c"), "c d ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  // A retry has nothing to do but to clean up again.
  w.Must(Reopen{.execution = id});
  CHECK_EQ(RunAll(), "c d ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
  CHECK_EQ(w.Refused(Reopen{.execution = id}), Reason::kNothingToRetry);
}

TEST_CASE_FIXTURE(Fixture, "a retry cleans up again at its end") {
  const uint64_t id =
      Start({Named("a"), Cleanup("c", Trigger::kExit), Cleanup("ok", Trigger::kSuccess)});
  CHECK_EQ(RunAll("a"), "a c ");
  w.Must(Reopen{.execution = id, .task = 0});
  CHECK_EQ(RunAll(), "a c ok ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kCompleted);
}

TEST_CASE_FIXTURE(Fixture, "compensations undo what completed, last first, then cleanup runs") {
  std::vector<Task> tasks = {Named("flight"), Named("hotel", {"flight"}), Named("car", {"hotel"}),
                             Cleanup("c", Trigger::kFailure)};
  tasks[0].compensate = "cancel flight";
  tasks[1].compensate = "cancel hotel";
  tasks[2].compensate = "cancel car";
  const uint64_t id = Start(tasks);
  CHECK_EQ(w.execution(id).tasks.size(), 7);
  CHECK_EQ(RunAll("car"), "flight hotel car compensate:hotel compensate:flight c ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  CHECK_EQ(w.task(id, 6), TaskState::kSkipped);  // "car" had nothing to undo
  CHECK_EQ(w.execution(id).definition->activity(5), "cancel hotel");
  CHECK_EQ(w.Refused(Reopen{.execution = id}), Reason::kCompensated);
}

TEST_CASE_FIXTURE(Fixture, "a compensation that fails does not keep the others from running") {
  std::vector<Task> tasks = {Named("a"), Named("b", {"a"}), Named("bad", {"b"})};
  tasks[0].compensate = tasks[1].compensate = "undo";
  const uint64_t id = Start(tasks);
  CHECK_EQ(RunAll("bad compensate:b"), "a b bad compensate:b compensate:a ");
  CHECK_EQ(w.execution(id).state, ExecutionState::kFailed);
  CHECK_EQ(w.state().dead_letters().size(), 2);
}

TEST_CASE_FIXTURE(Fixture, "a cancellation undoes what completed if it is asked to") {
  std::vector<Task> tasks = {Named("a"), Named("b", {"a"})};
  tasks[0].compensate = "undo";
  const WorkflowHash hash = w.Define(Workflow{.name = "w", .tasks = tasks});
  for (const bool compensate : {false, true}) {
    const uint64_t id = w.Start(hash, compensate ? "with" : "without");
    w.Succeed(w.Begin());
    w.Must(RequestCancel{.execution = id, .compensate = compensate});
    CHECK_EQ(RunAll(), compensate ? "compensate:a " : "");
    CHECK_EQ(w.execution(id).state, ExecutionState::kCancelled);
  }
}

TEST_CASE_FIXTURE(Fixture, "why tells what closing tasks wait for") {
  std::vector<Task> tasks = {Named("a"), Named("b"), Named("bad", {"a", "b"}),
                             Cleanup("c", Trigger::kExit)};
  tasks[0].compensate = tasks[1].compensate = "undo";
  const uint64_t id = Start(tasks);
  const auto why = [&](uint32_t open) {
    const auto known = [](uint32_t) { return true; };
    return Explain(w.state(), w.execution(id), {.executes = true, .slots = 1}, known, 10)
        .tasks[open];
  };
  CHECK_EQ(why(3).kind, WaitKind::kClosing);
  CHECK_EQ(why(3).task, "c");
  w.Succeed(w.Begin());
  w.Succeed(w.Begin());
  w.Fail(w.Begin());
  w.Settle();
  REQUIRE_EQ(w.execution(id).state, ExecutionState::kFinishing);
  CHECK_EQ(why(0).task, "c");
  CHECK_EQ(why(0).kind, WaitKind::kClosing);
  CHECK_EQ(why(0).reason, "'b' has to be undone first");
  CHECK_EQ(why(2).task, "compensate:b");
  CHECK_EQ(why(2).kind, WaitKind::kQueue);
}

TEST_CASE("large sets of all of these are cut, and end the same") {
  for (const uint32_t part : {1U, 3U, 1000U}) {
    Fixture f(DecideOptions{.part_tasks = part});
    std::vector<Task> tasks = {Named("if"), Named("bad")};
    ConditionalTask choice;
    for (int i = 0; i < 8; ++i) {
      tasks.push_back(Named(fmt::format("no{}", i), {"if"}));
      choice.otherwise.push_back(tasks.back().name);
      tasks.push_back(Named(fmt::format("run{}", i), {"bad"}));
      tasks.back().on_upstream_failure = UpstreamFailure::kRun;
      tasks.push_back(
          Cleanup(fmt::format("c{}", i), i % 2 == 0 ? Trigger::kExit : Trigger::kSuccess));
      tasks.push_back(Named(fmt::format("late{}", i), {"bad"}));
    }
    tasks[0].kind = choice;
    const uint64_t id = f.Start(tasks);
    (void)f.RunAll("bad");
    const Execution& execution = f.w.execution(id);
    CHECK_EQ(execution.state, ExecutionState::kFailed);
    CHECK_EQ(execution.count(TaskState::kSkipped), 8 + 8 + 4);
    CHECK_EQ(execution.count(TaskState::kCompleted), 1 + 8 + 4);
    CHECK(f.w.Replayed() == f.w.state());
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::closing_test
