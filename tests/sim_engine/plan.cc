// Draws plans.
#include "tests/sim_engine/plan.h"

#include <errno.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace stet::sim {
namespace {

using wal::Durability;
using wal::FlushFailure;
using wal::Operation;
using wal::SimOrder;

template <typename T, size_t kCount>
T OneOf(Random& random, const std::array<T, kCount>& values) {
  return values[random.Below(kCount)];
}

void DrawLog(Random& random, EngineOptions& options) {
  options.durability =
      OneOf(random, std::array{Durability::kCommit, Durability::kCommit, Durability::kCommit,
                               Durability::kWitness, Durability::kInterval, Durability::kOs});
  wal::Options& log = options.log;
  log.operation = OneOf(random, std::array{Operation::kDurableWrite, Operation::kWriteThenFlush,
                                           Operation::kLinkedFlush});
  log.batches_in_flight_min = OneOf(random, std::array<uint32_t, 3>{1, 3, 8});
  // Payloads of a few bytes: the smallest segments that take a batch with the engine's slack.
  options.limits.payload_bytes = 4 << 10;
  log.segment_bytes = 576 << 10;
  log.first_segment_bytes = OneOf(random, std::array<uint64_t, 2>{64, 128}) << 10;
  log.batch_bytes_max = OneOf(random, std::array<uint32_t, 2>{8, 64}) << 10;
  log.inflight_bytes_max = 576 << 10;
  log.idle_watermark = OneOf(random, std::array{absl::Milliseconds(5), absl::InfiniteDuration()});
}

void DrawLimits(Random& random, EngineOptions& options) {
  options.concurrency = 1 + random.Below(4);
  if (random.OneIn(2)) options.activity_limits["a0"].concurrency = 1 + random.Below(2);
  if (random.OneIn(3)) {
    options.activity_limits["a1"].starts = 1 + random.Below(3);
    options.activity_limits["a1"].per = absl::Milliseconds(100 + random.Below(3000));
  }
  if (random.OneIn(5)) options.retention.count = random.Below(3);
  if (random.OneIn(5)) options.retention.age = absl::Seconds(random.Below(60));
}

void DrawBreakers(Random& random, EngineOptions& options) {
  for (const char* name : {"a2", "bank"}) {
    if (random.OneIn(2)) continue;
    options.breakers[name] = {.failure_threshold = 1 + random.Below(3),
                              .cooldown = absl::Milliseconds(500 + random.Below(10'000)),
                              .probes = 1 + random.Below(2),
                              .success_threshold = 1 + random.Below(2)};
  }
}

// Of its children no task has children, unless it says so.
struct Kinds {
  bool waits = false;
  bool keys = false;
  bool breakers = false;
  bool runs = false;       // several of one task, states, maps
  std::string child = {};  // workflow of children; empty: none
};

// Waits for its time, for a signal or for a child, and holds no worker.
void DrawWait(Random& random, const Kinds& kinds, Task& task) {
  task.activity.clear();
  task.timeout = std::nullopt;
  switch (random.Below(kinds.child.empty() ? 3 : 5)) {
    case 0:
      task.kind = TimerTask{.duration = absl::Milliseconds(1 + random.Below(5000))};
      return;
    case 1:
    case 2: {
      EventTask event = {.signal = kSignals[random.Below(2)]};
      if (random.OneIn(2)) event.timeout = absl::Seconds(1 + random.Below(30));
      task.kind = event;
      return;
    }
    default:
      task.kind = SubWorkflowTask{.workflow = kinds.child};
      if (random.OneIn(4)) task.timeout = absl::Seconds(1 + random.Below(30));
      // What it waits for must not need a key that it holds.
      task.concurrency_key = {};
  }
}

Task DrawTask(Random& random, uint32_t index) {
  Task task = {.name = fmt::format("t{}", index), .activity = kActivities[random.Below(3)]};
  task.priority = static_cast<int32_t>(random.Below(3)) - 1;
  task.retry.max_attempts = 1 + random.Below(3);
  task.retry.max_lost = 1 + random.Below(10);
  task.retry.backoff.kind = static_cast<BackoffKind>(random.Below(3));
  task.retry.backoff.base = absl::Milliseconds(1 + random.Below(5000));
  if (random.OneIn(3)) task.timeout = absl::Seconds(1 + random.Below(5));
  if (random.OneIn(6)) task.on_upstream_failure = UpstreamFailure::kRun;
  if (random.OneIn(6)) task.compensate = kActivities[random.Below(3)];
  if (random.OneIn(8)) {
    task.activity.clear();
    task.timeout = std::nullopt;
    task.kind = TimerTask{.duration = absl::Milliseconds(1 + random.Below(4000))};
  }
  return task;
}

// Conditions ask about what the activities of a story put out.
void AdaptChoices(Workflow& workflow) {
  for (Task& task : workflow.tasks) {
    // What the engine does itself goes through no breaker.
    if (task.activity.empty()) task.breaker.clear();
    const auto* drawn = std::get_if<ConditionalTask>(&*task.kind);
    if (drawn == nullptr) continue;
    ConditionalTask choice = *drawn;
    if (choice.when) {
      choice.when->pointer = "/attempt";
      choice.when->op = CompareOp::kEqual;
      choice.when->value = "1";
    } else {
      task.config = kChoiceConfig;
    }
    task.kind = std::move(choice);
  }
}

Task DrawAnyTask(Random& random, uint32_t index, const Kinds& kinds) {
  Task task = DrawTask(random, index);
  if (kinds.keys && random.OneIn(3)) {
    constexpr std::array<const char*, 3> kPatterns = {"disk", "own ${key}", "n ${input/n}"};
    task.concurrency_key =
        ConcurrencyKey{.key = OneOf(random, kPatterns), .held_in_retry = random.OneIn(2)};
  }
  if (kinds.waits && random.OneIn(3)) {
    DrawWait(random, kinds, task);
  } else if (kinds.breakers && random.OneIn(3)) {
    task.breaker = "bank";
  }
  return task;
}

void DrawWorkflows(Random& random, EngineOptions& options) {
  Kinds kinds = {.waits = random.OneIn(2),
                 .keys = random.OneIn(2),
                 .breakers = random.OneIn(2),
                 .runs = random.OneIn(2)};
  if (kinds.breakers) DrawBreakers(random, options);
  const auto add = [&](std::string name, uint32_t tasks_max) {
    options.workflows.push_back(core::RandomGraph(
        random, std::move(name), 1 + random.Below(tasks_max),
        [&kinds](Random& from, uint32_t index) { return DrawAnyTask(from, index, kinds); }));
    if (kinds.runs) core::AddRuns(random, options.workflows.back());
    AdaptChoices(options.workflows.back());
  };
  if (kinds.waits) {
    // Children of children.
    add("c0", 3);
    kinds.child = "c0";
    add("c1", 3);
    kinds.child = random.OneIn(2) ? "c0" : "c1";
  }
  const uint32_t workflows = 1 + random.Below(3);
  for (uint32_t i = 0; i < workflows; ++i) add(fmt::format("w{}", i), 8);
}

}  // namespace

EnginePlan DrawPlan(uint64_t seed) {
  Random random(seed);
  EnginePlan plan{.seed = seed};
  EngineOptions& options = plan.options;
  options.directory = "/d";
  options.threads = Threads::kNone;
  options.close_grace = absl::ZeroDuration();
  DrawLog(random, options);
  DrawLimits(random, options);
  DrawWorkflows(random, options);
  if (random.OneIn(3)) options.recovery_target = absl::Microseconds(1 + random.Below(100));
  options.history = random.OneIn(2) ? History::kKeep : History::kBounded;
  plan.lives = 1 + random.Below(5);
  if (random.OneIn(3)) plan.errors = 50;
  if (random.OneIn(5)) plan.full_disk = 40;
  if (random.OneIn(4)) plan.missing = 40;
  plan.busy = random.OneIn(4);
  plan.short_writes = random.OneIn(4);
  plan.clock_jumps = random.OneIn(3);
  plan.any_names = random.OneIn(3);
  plan.operators = !random.OneIn(4);
  plan.remote = random.OneIn(3);
  plan.flush_failure =
      OneOf(random, std::array{FlushFailure::kStillDirty, FlushFailure::kKeptInCache,
                               FlushFailure::kReverted, FlushFailure::kCacheLost});
  return plan;
}

LifePlan DrawLife(const EnginePlan& plan, Random& random) {
  LifePlan life;
  life.ending = OneOf(
      random, std::array{Ending::kClose, Ending::kKill, Ending::kPowerCut, Ending::kPowerCut});
  life.order = OneOf(
      random, std::array{SimOrder::kFifo, SimOrder::kLifo, SimOrder::kRandom, SimOrder::kTimed});
  life.steps = random.Below(OneOf(random, std::array<uint32_t, 2>{40, 200}));
  wal::SimFaults& faults = life.faults;
  faults.any_names = plan.any_names;
  faults.flush_failure = plan.flush_failure;
  // Early ones meet recovery and activation.
  const uint32_t calls_max = OneOf(random, std::array<uint32_t, 4>{12, 40, 150, 600});
  if (life.ending == Ending::kPowerCut) faults.die_at_call = 1 + random.Below(calls_max);
  if (plan.short_writes) faults.short_rate = 0.1;
  if (plan.busy) faults.busy_rate = 0.05;
  if (plan.clock_jumps) faults.clock_jump = 0.01;
  life.full_disk = random.Below(100) < plan.full_disk;
  if (random.Below(100) < plan.missing) life.missing = kActivities[random.Below(3)];
  if (random.Below(100) >= plan.errors) return life;
  switch (random.Below(5)) {
    case 0:
      faults.write_error = 0.02;
      break;
    case 1:
      faults.flush_error = 0.03;
      break;
    case 2:
      faults.name_error = 0.05;
      break;
    case 3:
      faults.read_error = 0.02;
      break;
    default:
      faults.fail_call = 1 + random.Below(calls_max);
      faults.fail_errno = EIO;
  }
  return life;
}

std::string ToString(const EnginePlan& plan) {
  const EngineOptions& options = plan.options;
  size_t tasks = 0;
  for (const Workflow& workflow : options.workflows) tasks += workflow.tasks.size();
  return fmt::format(
      "{}, {}, {} workflows of {} tasks in all, {} at once, {} limits, {} breakers, {} lives; "
      "errors {} %, full "
      "{} %, missing {} %, busy {}, short {}, jumps {}, any names {}, failed flush {}, operators "
      "{}, "
      "workers elsewhere {}, snapshots {}",
      ToString(options.durability), ToString(options.log.operation), options.workflows.size(),
      tasks, options.concurrency, options.activity_limits.size(), options.breakers.size(),
      plan.lives, plan.errors, plan.full_disk, plan.missing, plan.busy, plan.short_writes,
      plan.clock_jumps, plan.any_names, static_cast<int>(plan.flush_failure), plan.operators,
      plan.remote, options.recovery_target < absl::Seconds(1));
}

std::string ToString(const LifePlan& life) {
  constexpr std::array<const char*, 4> kOrders = {"fifo", "lifo", "random", "timed"};
  constexpr std::array<const char*, 3> kEndings = {"close", "kill", "power cut"};
  const wal::SimFaults& faults = life.faults;
  return fmt::format(
      "life: {} steps, completions {}, then {} (call {}); fail call {}, write errors {}, flush {}, "
      "name {}, read {}; {}{}",
      life.steps, kOrders[static_cast<size_t>(life.order)],
      kEndings[static_cast<size_t>(life.ending)], faults.die_at_call, faults.fail_call,
      faults.write_error, faults.flush_error, faults.name_error, faults.read_error,
      life.full_disk ? "full disk " : "", life.missing.empty() ? "" : "without " + life.missing);
}

}  // namespace stet::sim
