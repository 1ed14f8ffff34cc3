// See random_history.h.
#include "tests/core/random_history.h"

#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/core/random_workflow.h"
#include "tests/core/waiting.h"

namespace stet::core {

namespace {

void OperateOne(Random& random, uint64_t id, World& world) {
  switch (random.Below(6)) {
    case 0:
      (void)world.Do(PauseExecution{.execution = id, .pause = random.OneIn(2)});
      return;
    case 1:
      (void)world.Do(PauseActivity{.activity = "a1", .pause = random.OneIn(2)});
      return;
    case 2:
      (void)world.Do(PauseEngine{.pause = random.OneIn(4)});
      return;
    case 3:
      (void)world.Do(
          SetPriority{.execution = id, .priority = static_cast<int32_t>(random.Below(3))});
      return;
    default:
      (void)world.Do(Reopen{.execution = id});
  }
}

// What the attempts of an execution report, and what time does.
void ReportSome(Random& random, uint64_t id, World& world) {
  for (uint32_t task = 0; task < world.execution(id).tasks.size(); ++task) {
    const RunRef at = {.execution = id, .task = task};
    const TaskSlot& slot = world.slot(at);
    if (slot.asleep()) (void)world.Do(WakeRetry{.run = at});
    if (slot.state != TaskState::kRunning || slot.waits) continue;
    if (world.HasOwner(at) && random.OneIn(2)) RecordOne(random, at, world);
    if (!random.OneIn(2)) continue;
    const bool good = !random.OneIn(3);
    FinishAttempt report = world.ReportOn(
        at, good ? schema::AttemptOutcome::Success : schema::AttemptOutcome::Failure);
    if (good) report.output = {.bytes = "[1]"};
    if (report.branch != schema::Branch::None && random.OneIn(2)) {
      report.branch = schema::Branch::Otherwise;
    }
    if (!good) report.error = "no";
    BreakSome(random, report, world);
    KeepSome(random, report, world);
    (void)world.Do(report);
  }
}

}  // namespace

void WorkElsewhere(Random& random, World& world) {
  for (const Effect& effect : Outstanding(world.state())) {
    const RunRef run = {.execution = effect.execution, .task = effect.task};
    if (effect.kind == Effect::Kind::kAttemptTimer) {
      (void)world.Do(TimeoutAttempt{.run = run, .token = effect.token});
    }
    if (effect.kind != Effect::Kind::kLeaseTimer) continue;
    if (world.Do(ExpireLease{.run = run, .token = effect.token}).ok()) continue;
    const Renewed renewed = {.run = run, .token = effect.token};
    const std::string worker = random.OneIn(4) ? "other" : "elsewhere";
    if (random.OneIn(3)) {
      // Sometimes it names one twice.
      const std::array<Renewed, 2> named = {renewed, renewed};
      (void)world.Do(RenewLeases{.worker = worker,
                                 .attempts = {named.data(), 1 + random.Below(2)},
                                 .lease_ns = 1 + random.Below(5) * kSecond});
    }
  }
}

StartAttempt StartSomewhere(Random& random, RunRef run) {
  if (!random.OneIn(3)) return {.run = run};
  return {.run = run, .worker = "elsewhere", .lease_ns = (1 + random.Below(9)) * kSecond};
}

void BreakSome(Random& random, FinishAttempt& report, const World& world) {
  const Definition& definition = *world.execution(report.run.execution).definition;
  const bool success = report.outcome == schema::AttemptOutcome::Success;
  const bool loops = KindOf(definition.extra(report.run.task)) == TaskKind::kLoop;
  if (success && loops && random.OneIn(3)) report.last = true;
}

void KeepSome(Random& random, FinishAttempt& report, const World& world) {
  const Definition& definition = *world.execution(report.run.execution).definition;
  const bool success = report.outcome == schema::AttemptOutcome::Success;
  if (!success || KindOf(definition.extra(report.run.task)) != TaskKind::kStateful) return;
  if (!random.OneIn(3)) report.state = PayloadView{.bytes = random.OneIn(3) ? "" : "{}"};
}

void RecordOne(Random& random, RunRef run, World& world) {
  const Token token = world.slot(run).token();
  const std::string name = fmt::format("s{}", random.Below(3));
  switch (random.Below(3)) {
    case 0:
      (void)world.Do(RecordStep{.run = run,
                                .token = token,
                                .name = name,
                                .occurrence = 1 + random.Below(2),
                                .result = {.bytes = random.OneIn(3) ? "" : "[2]"}});
      return;
    case 1:
      (void)world.Do(RecordCheckpoint{.run = run, .token = token, .checkpoint = {.bytes = name}});
      return;
    default:
      (void)world.Do(SetMetadata{
          .run = run, .token = token, .key = name, .value = random.OneIn(2) ? "x" : ""});
  }
}

void RandomHistory(uint64_t seed, const std::function<void(const World&)>& look) {
  Random random(seed);
  World world(DecideOptions{.part_tasks = 1 + random.Below(4),
                            .part_bytes = 40 + random.Below(200),
                            .breakers = RandomBreakers(random)});
  world.Open();
  std::vector<uint64_t> ids;
  const WorkflowHash child = world.Define(ChildWorkflow());
  for (int i = 0; i < 2; ++i) {
    const WorkflowHash hash = world.Define(RandomWorkflow(random, 10));
    const std::string key = fmt::format("key{}", i);
    const int64_t start_at = random.OneIn(4) ? world.now() + random.Below(5) * kSecond : 0;
    world.Must(StartExecution{.workflow = hash,
                              .key = key,
                              .input = {.bytes = R"({"customer":7})"},
                              .start_at = start_at});
    ids.push_back(world.state().FindExecutionByKey(key)->id);
    look(world);
  }
  for (int step = 0; step < 200 && world.state().live_executions() > 0; ++step) {
    world.now() += random.Below(2 * static_cast<uint32_t>(kSecond));
    if (random.OneIn(3)) DriveWaits(world, child);
    if (random.OneIn(3)) WorkElsewhere(random, world);
    if (random.OneIn(8)) ScheduleSome(random, child, world);
    if (random.OneIn(6)) (void)SendAny(random, ids[random.Below(2)], world);
    const auto run = NextReady(world.state());
    switch (random.Below(9)) {
      case 0:
        if (random.OneIn(8))
          (void)world.Do(
              RequestCancel{.execution = ids[random.Below(2)], .compensate = random.OneIn(2)});
        break;
      case 1:
        if (random.OneIn(4)) {
          world.Crash();
          world.Open();
        }
        break;
      case 2:
      case 3:
        if (run && !world.Do(StartSomewhere(random, *run)).ok() &&
            !world.Do(StartAttempt{.run = *run}).ok()) {
          (void)world.Do(TimeoutRun{.run = *run});
        }
        break;
      case 8:
        OperateOne(random, ids[random.Below(2)], world);
        break;
      case 4:
        (void)world.Do(Continue{.execution = random.OneIn(2) ? 0 : ids[random.Below(2)]});
        break;
      default:
        for (const uint64_t id : ids) ReportSome(random, id, world);
    }
    look(world);
  }
}

}  // namespace stet::core
