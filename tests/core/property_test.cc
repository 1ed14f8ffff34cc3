// Random workflows under random commands, crashes and cancellations: what must hold at every event, and at the end.
//
// World checks at each event that the digest equals the recomputed one, that a state fed by replay equals the live one whole, and at each
// group that effects emitted and not done are those that Outstanding computes.
#include <optional>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/views.h"
#include "schema/parse.h"
#include "tests/core/random_workflow.h"
#include "tests/core/world.h"

namespace stet::core {
namespace {

using schema::AttemptOutcome;

// One random history.
class Story {
 public:
  explicit Story(uint64_t seed)
      : random_(seed),
        world_(DecideOptions{.part_tasks = 1 + random_.Below(5),
                             .part_bytes = 40 + random_.Below(500)}) {
    world_.CompareAlways();
  }

  const Moves& moves() const { return world_.moves(); }

  void Run() {
    world_.Open();
    for (int i = 0; i < 2; ++i) {
      const WorkflowHash hash = world_.Define(RandomWorkflow(random_, 12));
      ids_.push_back(world_.Start(hash, fmt::format("key{}", i), "{}"));
      CheckOrder();
    }
    for (int step = 0; step < 2000 && world_.state().live_executions() > 0; ++step) {
      Step();
      CheckOrder();
      CheckNext();
      CheckRuns();
    }
    CHECK_EQ(world_.state().live_executions(), 0);
    for (const uint64_t id : ids_) CheckEnd(world_.execution(id));
    CHECK(world_.Replayed() == world_.state());
  }

 private:
  void Step() {
    world_.now() += random_.Below(static_cast<uint32_t>(kSecond));
    switch (random_.Below(12)) {
      case 0:
        return Crash();
      case 1:
        return Cancel();
      case 2:
        return TryNonsense();
      case 3:
      case 4:
      case 5:
        return StartOne();
      case 6:
        return FireTimers();
      case 7:
        return ContinueOne();
      default:
        return FinishOne();
    }
  }

  void Crash() {
    if (!random_.OneIn(3)) return;
    world_.Crash();
    world_.Open();
  }

  void Cancel() {
    if (random_.OneIn(12)) (void)world_.Do(RequestCancel{.execution = Any()});
  }

  // Refusals of all kinds: World checks that they change nothing.
  void TryNonsense() {
    const RunRef run = {.execution = Any() + random_.Below(2), .task = random_.Below(14)};
    const Token token = {.epoch = random_.Below(3), .seq = random_.Below(200)};
    (void)world_.Do(StartAttempt{.run = run});
    (void)world_.Do(WakeRetry{.run = run});
    (void)world_.Do(TimeoutAttempt{.run = run, .token = token});
    const absl::Status status =
        world_.Do(FinishAttempt{.run = run, .token = token, .outcome = RandomOutcome()});
    CHECK_FALSE(status.ok());
    (void)world_.Do(StartExecution{.workflow = {}, .key = "key0"});
    (void)world_.Do(OpenEngine{.epoch = world_.epoch()});
  }

  void StartOne() {
    if (const auto run = NextReady(world_.state())) {
      world_.Must(StartAttempt{.run = *run});
    }
  }

  void FinishOne() {
    // Nobody reports on an attempt of a dead process: Continue has to.
    std::vector<RunRef> running = InState(TaskState::kRunning);
    std::erase_if(running,
                  [this](const RunRef& run) { return world_.slot(run).epoch != world_.epoch(); });
    if (running.empty()) return StartOne();
    const RunRef run = running[random_.Below(static_cast<uint32_t>(running.size()))];
    FinishAttempt report = world_.ReportOn(run, RandomOutcome());
    report.retryable = !random_.OneIn(6);
    if (report.outcome == AttemptOutcome::Success && random_.OneIn(2)) {
      report.output = {.bytes = "[1,2]"};
    } else if (report.outcome != AttemptOutcome::Success) {
      report.error = "it broke";
    }
    const bool unasked = report.outcome == AttemptOutcome::Cancelled &&
                         !world_.execution(run.execution).cancel_requested;
    if (unasked) {
      CHECK_EQ(world_.Refused(report), Reason::kInvalidOutcome);
    } else {
      world_.Must(report);
    }
  }

  void FireTimers() {
    for (const Effect& effect : Outstanding(world_.state())) {
      const RunRef run = {.execution = effect.execution, .task = effect.task};
      if (effect.kind == Effect::Kind::kRetryTimer) {
        Due(effect, WakeRetry{.run = run});
      } else if (effect.kind == Effect::Kind::kAttemptTimer) {
        Due(effect, TimeoutAttempt{.run = run, .token = effect.token});
      }
    }
  }

  void Due(const Effect& effect, const Command& command) {
    // An effect may have been overtaken by one that fired before it.
    const absl::Status status = world_.Do(command);
    if (effect.at_ns > world_.now()) CHECK_EQ(ReasonOf(status), Reason::kNotDue);
  }

  void ContinueOne() {
    for (const Effect& effect : Outstanding(world_.state())) {
      if (effect.kind != Effect::Kind::kContinue) continue;
      return world_.Must(Continue{.execution = effect.execution});
    }
    CHECK_EQ(world_.Refused(Continue{.execution = Any()}), Reason::kNothingToContinue);
  }

  // Parents first, budgets kept, at every moment.
  void CheckOrder() {
    for (const uint64_t id : ids_) {
      const Execution& execution = world_.execution(id);
      for (uint32_t task = 0; task < execution.tasks.size(); ++task) {
        const TaskSlot& slot = execution.tasks[task];
        const auto& policy = execution.definition->policy(task);
        CHECK_LE(slot.failures, policy.max_attempts());
        CHECK_LE(slot.lost, policy.max_lost());
        if (slot.attempts == 0 && slot.state != TaskState::kReady) continue;
        for (const uint32_t parent : execution.definition->parents(task)) {
          CHECK_EQ(execution.tasks[parent].state, TaskState::kCompleted);
        }
      }
    }
  }

  // The ready queue against a search through everything.
  void CheckNext() {
    std::optional<RunRef> best;
    for (const RunRef& run : InState(TaskState::kReady)) {
      const Execution& execution = world_.execution(run.execution);
      if (execution.cancel_requested) continue;
      const auto rank = [this](const RunRef& r) {
        const int64_t priority = world_.execution(r.execution).definition->priority(r.task);
        return std::pair(-priority, world_.slot(r).order);
      };
      if (!best.has_value() || rank(run) < rank(*best)) best = run;
    }
    CHECK_EQ(NextReady(world_.state()), best);
  }

  // Each slot is a run that RunInstance accepts.
  void CheckRuns() {
    for (const uint64_t id : ids_) {
      for (uint32_t task = 0; task < world_.execution(id).tasks.size(); ++task) {
        CHECK_EQ(MakeRun(world_.execution(id), task).task_id(), task + 1);
      }
    }
  }

  void CheckEnd(const Execution& execution) {
    CHECK(IsTerminal(execution.state));
    bool completed = true;
    for (uint32_t task = 0; task < execution.tasks.size(); ++task) {
      const TaskState state = execution.tasks[task].state;
      CHECK(IsTerminal(state));
      completed = completed && state == TaskState::kCompleted;
      bool upstream_failed = false;
      for (const uint32_t parent : execution.definition->parents(task)) {
        const TaskState above = execution.tasks[parent].state;
        upstream_failed = upstream_failed || IsFailure(above) || above == TaskState::kSkipped;
      }
      if (state == TaskState::kSkipped) CHECK(upstream_failed);
      if (upstream_failed && !execution.cancel_requested) CHECK_EQ(state, TaskState::kSkipped);
    }
    CHECK_EQ(execution.state == ExecutionState::kCompleted, completed);
  }

  std::vector<RunRef> InState(TaskState state) {
    std::vector<RunRef> runs;
    for (const uint64_t id : ids_) {
      for (uint32_t task = 0; task < world_.execution(id).tasks.size(); ++task) {
        if (world_.task(id, task) == state) runs.push_back({.execution = id, .task = task});
      }
    }
    return runs;
  }

  uint64_t Any() { return ids_[random_.Below(static_cast<uint32_t>(ids_.size()))]; }

  AttemptOutcome RandomOutcome() {
    return random_.OneIn(2) ? AttemptOutcome::Success
                            : static_cast<AttemptOutcome>(random_.Below(6));
  }

  Random random_;
  World world_;
  std::vector<uint64_t> ids_;
};

// The rows without what lies between: that is never seen from outside.
template <class S, size_t N>
std::set<Step<S>> Rows(const Step<S> (&table)[N]) {
  std::set<Step<S>> rows;
  for (Step<S> row : table) {
    row.via = row.from;
    rows.insert(row);
  }
  return rows;
}

TEST_SUITE_BEGIN("core::property");

TEST_CASE("random histories replay exactly, keep their rules and end") {
  const uint64_t seed = SeedOr(20261121);
  MESSAGE("STET_SEED=", seed);
  Moves seen;
  for (uint64_t i = 0; i < 150; ++i) {
    CAPTURE(seed);
    CAPTURE(i);
    Story story(seed + i);
    story.Run();
    seen.task.insert(story.moves().task.begin(), story.moves().task.end());
    seen.run.insert(story.moves().run.begin(), story.moves().run.end());
    seen.execution.insert(story.moves().execution.begin(), story.moves().execution.end());
  }
  // Events make the transitions of their table: all of them, and no other.
  CHECK(seen.task == Rows(steps::kTask));
  CHECK(seen.run == Rows(steps::kRun));
  CHECK(seen.execution == Rows(steps::kExecution));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core
