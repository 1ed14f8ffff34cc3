// See waiting.h.
#include "tests/core/waiting.h"

#include <fmt/format.h>

#include "core/outstanding.h"
#include "core/waits.h"
#include "tests/core/random_workflow.h"

namespace stet::core {

Workflow ChildWorkflow() {
  return {.name = "child",
          .tasks = {{.name = "only", .activity = "a1", .retry = {.max_attempts = 2}}}};
}

namespace {

// What a map asks for next.
Command CommandForMap(const Effect& effect, const State& state, const WorkflowHash& child) {
  const RunRef run = {.execution = effect.execution, .task = effect.task};
  const MapProgress map = ProgressOf(*state.FindExecution(effect.execution), effect.task);
  if (!map.expanded()) {
    return ExpandMap{.run = run, .token = effect.token, .items = 1 + effect.task % 4};
  }
  return StartChild{.run = run, .token = effect.token, .workflow = child, .item = map.started + 1};
}

}  // namespace

std::optional<Command> CommandFor(const Effect& effect, const State& state,
                                  const WorkflowHash& child) {
  using Kind = Effect::Kind;
  const RunRef run = {.execution = effect.execution, .task = effect.task};
  switch (effect.kind) {
    case Kind::kWaitTimer:
      return EndWait{.run = run, .token = effect.token};
    case Kind::kStartTimer:
      return Begin{.execution = effect.execution};
    case Kind::kStartChild:
      if (WaitOf(*state.FindExecution(run.execution)->definition, run.task) == Wait::kMap) {
        return CommandForMap(effect, state, child);
      }
      return StartChild{.run = run, .token = effect.token, .workflow = child};
    case Kind::kReadChild:
      return FinishChild{.run = run, .token = effect.token, .result = {.bytes = "[3]"}};
    case Kind::kCancelChild:
      return RequestCancel{.execution = effect.execution};
    default:
      return std::nullopt;
  }
}

void DriveWaits(World& world, const WorkflowHash& child) {
  for (const Effect& effect : Outstanding(world.state())) {
    const auto command = CommandFor(effect, world.state(), child);
    if (!command.has_value()) continue;
    const absl::Status status = world.Do(*command);
    if (effect.at_ns > world.now()) CHECK_FALSE(status.ok());
  }
}

absl::Status SendAny(Random& random, uint64_t id, World& world) {
  const std::string name = fmt::format("s{}", random.Below(2));
  const std::string dedup = random.OneIn(3) ? fmt::format("id{}", random.Below(20)) : "";
  return world.Do(
      SendSignal{.execution = id, .name = name, .id = dedup, .payload = {.bytes = R"({"n":1})"}});
}

void ScheduleSome(Random& random, const WorkflowHash& workflow, World& world) {
  const std::string name = fmt::format("every{}", random.Below(2));
  const Schedule* found = world.state().schedules().FindByName(name);
  if (found == nullptr) {
    (void)world.Do(CreateSchedule{.name = name,
                                  .workflow = workflow,
                                  .every = kSecond,
                                  .anchor = 1,
                                  .misfire = static_cast<Misfire>(random.Below(3)),
                                  .overlap = static_cast<Overlap>(random.Below(4)),
                                  .catch_up_max = 1 + random.Below(2),
                                  .next_at = world.now() + kSecond});
    return;
  }
  const uint64_t seq = found->seq;
  const int64_t times[] = {world.now() - 100 * kSecond, world.now()};
  switch (random.Below(6)) {
    case 0:
      (void)world.Do(PauseSchedule{
          .schedule = seq, .pause = random.OneIn(2), .next_at = world.now() + kSecond});
      break;
    case 1:
      if (random.OneIn(4)) (void)world.Do(RemoveSchedule{.schedule = seq});
      break;
    case 2:
    case 3:
      (void)world.Do(PlanSchedule{
          .schedule = seq, .wall = world.now(), .times = times, .next_at = world.now() + 1});
      break;
    default:
      (void)world.Do(RunSchedule{.schedule = seq});
  }
}

}  // namespace stet::core
