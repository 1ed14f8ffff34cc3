// Random workflows under random commands, crashes and cancellations: what must hold at every event, and at the end.
//
// World checks at each event that the digest equals the recomputed one, that a state fed by replay equals the live one whole, and at each
// group that effects emitted and not done are those that Outstanding computes.
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/dependency.h"
#include "core/run_limits.h"
#include "core/views.h"
#include "schema/parse.h"
#include "tests/core/ended.h"
#include "tests/core/invariants.h"
#include "tests/core/random_history.h"
#include "tests/core/random_workflow.h"
#include "tests/core/waiting.h"
#include "tests/core/world.h"

namespace stet::core::property_test {
namespace {

using schema::AttemptOutcome;

// One random history.
class Story {
 public:
  explicit Story(uint64_t seed)
      : random_(seed),
        world_(DecideOptions{.part_tasks = 1 + random_.Below(5),
                             .part_bytes = 40 + random_.Below(500),
                             .breakers = RandomBreakers(random_)}) {
    world_.CompareAlways();
  }

  const Moves& moves() const { return world_.moves(); }

  void Run() {
    world_.Open();
    child_ = world_.Define(ChildWorkflow());
    for (int i = 0; i < 2; ++i) {
      const WorkflowHash hash = world_.Define(RandomWorkflow(random_, 12));
      const std::string key = fmt::format("key{}", i);
      const int64_t start_at = random_.OneIn(4) ? world_.now() + random_.Below(9) * kSecond : 0;
      world_.Must(StartExecution{.workflow = hash,
                                 .key = key,
                                 .input = {.bytes = R"({"customer":7})"},
                                 .start_at = start_at});
      ids_.push_back(world_.state().FindExecutionByKey(key)->id);
      CheckOrder();
    }
    Go();
    ReopenEnded();
    Go();
    CHECK_EQ(world_.state().live_executions(), 0);
    for (const uint64_t id : ids_) CheckEnd(world_.execution(id));
    CHECK(world_.Replayed() == world_.state());
    if (!random_.OneIn(4)) return;
    PurgeAll();
    CHECK(world_.Replayed() == world_.state());
  }

 private:
  void Go() {
    for (int step = 0; step < 2000 && world_.state().live_executions() > 0; ++step) {
      Step();
      if (step % 40 == 39) ResumeAll();
      if (step % 40 == 19) SignalAll();
      CheckOrder();
      CheckNext(world_);
      CheckKeys(world_);
      CheckRuns();
    }
  }

  void Step() {
    world_.now() += random_.Below(static_cast<uint32_t>(kSecond));
    switch (random_.Below(14)) {
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
      case 12:
        return Operate();
      case 13:
        return Wait();
      default:
        return FinishOne();
    }
  }

  // What waits ask for, and signals.
  void Wait() {
    DriveWaits(world_, child_);
    WorkElsewhere(random_, world_);
    if (random_.OneIn(2)) (void)SendAny(random_, Any(), world_);
    if (scheduled_ < 12 && random_.OneIn(2)) {
      ++scheduled_;
      ScheduleSome(random_, child_, world_);
    }
  }

  // Nobody waits for a signal for ever.
  void SignalAll() {
    for (const uint64_t id : ids_) {
      for (const char* name : {"s0", "s1"}) {
        (void)world_.Do(SendSignal{.execution = id, .name = name});
      }
    }
  }

  void Crash() {
    if (!random_.OneIn(3)) return;
    world_.Crash();
    world_.Open();
  }

  void Cancel() {
    if (random_.OneIn(12))
      (void)world_.Do(RequestCancel{.execution = Any(), .compensate = random_.OneIn(2)});
  }

  // What operators do, now and then; refusals change nothing (World checks that).
  void Operate() {
    const uint64_t id = Any();
    const auto task = random_.Below(static_cast<uint32_t>(world_.execution(id).tasks.size()));
    const std::string activity = fmt::format("a{}", random_.Below(3));
    switch (random_.Below(8)) {
      case 0:
        (void)world_.Do(PauseExecution{.execution = id, .pause = random_.OneIn(2)});
        break;
      case 1:
        (void)world_.Do(PauseActivity{.activity = activity, .pause = random_.OneIn(2)});
        break;
      case 2:
        (void)world_.Do(PauseEngine{.pause = random_.OneIn(3)});
        break;
      case 3:
        (void)world_.Do(
            SetPriority{.execution = id, .priority = static_cast<int32_t>(random_.Below(5)) - 2});
        break;
      case 4:
        if (++reopened_ < 4) (void)world_.Do(Reopen{.execution = id});
        break;
      case 5:
        if (++reopened_ < 12) (void)world_.Do(Reopen{.execution = id, .task = task});
        break;
      case 6:
        (void)world_.Do(DropDeadLetter{.task = {.execution = id, .task = task}});
        break;
      default:
        // Executions that they started may be all that still runs.
        if (IsTerminal(world_.execution(ids_[0]).state) &&
            IsTerminal(world_.execution(ids_[1]).state)) {
          break;
        }
        CHECK_NE(world_.Refused(Purge{.executions = std::span(&ids_[0], 2)}), Reason::kNone);
    }
  }

  // What is paused would wait for ever.
  void ResumeAll() {
    for (const char* breaker : {"a0", "group"}) (void)world_.Do(ResetBreaker{.name = breaker});
    (void)world_.Do(PauseEngine{.pause = false});
    for (const char* activity : {"a0", "a1", "a2"}) {
      (void)world_.Do(PauseActivity{.activity = activity, .pause = false});
    }
    for (const uint64_t id : ids_) {
      (void)world_.Do(PauseExecution{.execution = id, .pause = false});
    }
  }

  // An execution that ended is begun anew at most once: then it ends for good.
  void ReopenEnded() {
    for (const uint64_t id : ids_) {
      if (IsTerminal(world_.execution(id).state)) (void)world_.Do(Reopen{.execution = id});
    }
  }

  // All are forgotten: nothing is left of them but their keys.
  void PurgeAll() {
    world_.Settle();
    world_.Must(Retain{.count_max = 1, .key_retention_ns = 10, .seq_max = UINT64_MAX});
    while (!world_.state().executions().empty()) {
      world_.Must(Purge{.executions = std::span(&world_.state().executions()[0]->id, 1),
                        .key_retention_ns = 10});
    }
    CHECK(world_.state().dead_letters().empty());
    CHECK(world_.state().ended().empty());
    CHECK(world_.state().keys().entries().empty());
    CHECK_EQ(world_.Refused(StartExecution{.key = "key0"}), Reason::kExpired);
  }

  // Refusals of all kinds: World checks that they change nothing.
  void TryNonsense() {
    const RunRef run = {.execution = Any() + random_.Below(2), .task = random_.Below(14)};
    const Token token = {.epoch = random_.Below(3), .seq = random_.Below(200)};
    (void)world_.Do(StartAttempt{.run = run});
    (void)world_.Do(WakeRetry{.run = run});
    (void)world_.Do(TimeoutAttempt{.run = run, .token = token});
    (void)world_.Do(TimeoutAttempt{.run = run, .token = token, .heartbeat = true});
    if (world_.Do(TimeoutRun{.run = run}).ok()) return;
    const FinishAttempt report = {.run = run, .token = token, .outcome = RandomOutcome()};
    if (!Owns(run, token)) CHECK_NE(world_.Refused(report), Reason::kNone);
    (void)world_.Do(StartExecution{.workflow = {}, .key = "key0"});
    (void)world_.Do(OpenEngine{.epoch = world_.epoch()});
  }

  bool Owns(const RunRef& run, const Token& token) const {
    const Execution* execution = world_.state().FindExecution(run.execution);
    return execution != nullptr && run.task < execution->tasks.size() &&
           world_.slot(run).state == TaskState::kRunning && world_.slot(run).token() == token;
  }

  void StartOne() {
    if (const auto run = NextReady(world_.state())) {
      absl::Status started = world_.Do(StartSomewhere(random_, *run));
      // What waits is nobody's to have.
      if (ReasonOf(started) == Reason::kNotReady) started = world_.Do(StartAttempt{.run = *run});
      if (started.ok()) return;
      if (ReasonOf(started) == Reason::kBreakerOpen) return;
      // Only what is too late may not start.
      const Execution& execution = world_.execution(run->execution);
      CHECK_FALSE(MayBegin(execution, run->task, world_.now()));
      world_.Must(TimeoutRun{.run = *run});
    }
  }

  void FinishOne() {
    // Nobody reports on an attempt of a dead process: Continue has to.
    std::vector<RunRef> running = InState(TaskState::kRunning);
    std::erase_if(running, [this](const RunRef& run) { return !world_.HasOwner(run); });
    if (running.empty()) return StartOne();
    const RunRef run = running[random_.Below(static_cast<uint32_t>(running.size()))];
    while (random_.OneIn(3)) RecordOne(random_, run, world_);
    FinishAttempt report = world_.ReportOn(run, RandomOutcome());
    report.retryable = !random_.OneIn(6);
    const bool chooses = report.branch != schema::Branch::None;
    if (chooses && random_.OneIn(2)) report.branch = schema::Branch::Otherwise;
    BreakSome(random_, report, world_);
    KeepSome(random_, report, world_);
    if (report.outcome == AttemptOutcome::Success && random_.OneIn(2)) {
      report.output = {.bytes = "[1,2]"};
    } else if (report.outcome != AttemptOutcome::Success) {
      report.error = "it broke";
    }
    const bool unasked = report.outcome == AttemptOutcome::Cancelled &&
                         !world_.execution(run.execution).cancelling();
    if (unasked) {
      CHECK_EQ(world_.Refused(report), Reason::kInvalidOutcome);
    } else {
      world_.Must(report);
    }
  }

  void FireTimers() {
    for (const Effect& effect : Outstanding(world_.state())) {
      const RunRef run = {.execution = effect.execution, .task = effect.task};
      if (effect.kind == Effect::Kind::kRunTimer) {
        Due(effect, TimeoutRun{.run = run});
      } else if (effect.kind == Effect::Kind::kLeaseTimer) {
        Due(effect, ExpireLease{.run = run, .token = effect.token});
      } else if (effect.kind == Effect::Kind::kRetryTimer) {
        Due(effect, WakeRetry{.run = run});
      } else if (effect.kind == Effect::Kind::kAttemptTimer) {
        Due(effect, TimeoutAttempt{.run = run, .token = effect.token});
      } else if (effect.kind == Effect::Kind::kWaitTimer) {
        Due(effect, EndWait{.run = run, .token = effect.token});
      } else if (effect.kind == Effect::Kind::kStartTimer) {
        Due(effect, Begin{.execution = effect.execution});
      }
    }
  }

  void Due(const Effect& effect, const Command& command) {
    // An effect may have been overtaken by one that fired before it.
    const absl::Status status = world_.Do(command);
    const Reason reason = ReasonOf(status);
    const bool over = reason == Reason::kExecutionEnded || reason == Reason::kAlreadyCancelled ||
                      reason == Reason::kAttemptFinishRequiresRunning;
    if (effect.at_ns > world_.now() && !over) CHECK_EQ(reason, Reason::kNotDue);
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
        CHECK_LE(slot.generation, execution.generation);
        CHECK_LE(execution.history.of(task).size(), kHistoryMax);
        const bool closing = execution.definition->is_closing(task);
        CHECK((!closing || execution.state != ExecutionState::kRunning));
        // A retry may begin a parent of a spared task anew, under way.
        if (execution.definition->is_spared(task)) continue;
        CHECK_EQ(CountUnsettled(execution, task), 0);
      }
    }
  }

  // Each slot is a run that RunInstance accepts.
  void CheckRuns() {
    for (const uint64_t id : ids_) {
      for (uint32_t task = 0; task < world_.execution(id).tasks.size(); ++task) {
        CHECK_EQ(MakeRun(world_.execution(id), task).task_id(), task + 1);
      }
    }
  }

  std::vector<RunRef> InState(TaskState state) { return stet::core::InState(world_, state); }

  uint64_t Any() { return ids_[random_.Below(static_cast<uint32_t>(ids_.size()))]; }

  AttemptOutcome RandomOutcome() {
    return random_.OneIn(2) ? AttemptOutcome::Success
                            : static_cast<AttemptOutcome>(random_.Below(6));
  }

  Random random_;
  World world_;
  WorkflowHash child_;
  std::vector<uint64_t> ids_;
  uint32_t reopened_ = 0;
  uint32_t scheduled_ = 0;
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

template <class S>
std::set<Step<S>> Both(std::set<Step<S>> rows, const std::set<Step<S>>& more) {
  rows.insert(more.begin(), more.end());
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
  CHECK(seen.task == Both(Rows(steps::kTask), Rows(steps::kTaskReopened)));
  const auto runs = Both(Rows(steps::kRun), Rows(steps::kRunReopened));
  CHECK(seen.run == Both(runs, Rows(steps::kRunAgain)));
  CHECK(seen.execution == Both(Rows(steps::kExecution), Rows(steps::kExecutionReopened)));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::core::property_test
