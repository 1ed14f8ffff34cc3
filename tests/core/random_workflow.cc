// See random_workflow.h.
#include "tests/core/random_workflow.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace stet::core {

uint64_t SeedOr(uint64_t fallback) {
  const char* text = std::getenv("STET_SEED");
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 0);
}

namespace {

// It runs no activity any more.
void ClearActivity(Task& task) {
  task.activity.clear();
  task.breaker.clear();
  Timeouts timeouts = *task.timeouts;
  timeouts.heartbeat = std::nullopt;
  task.timeouts = timeouts;
}

}  // namespace

void MakeWait(Random& random, Task& task) {
  ClearActivity(task);
  switch (random.Below(3)) {
    case 0:
      task.timeout = std::nullopt;
      task.kind = TimerTask{.duration = absl::Milliseconds(1 + random.Below(3000))};
      break;
    case 1: {
      task.timeout = std::nullopt;
      EventTask event = {.signal = fmt::format("s{}", random.Below(2))};
      if (random.OneIn(2)) event.timeout = absl::Seconds(1 + random.Below(20));
      task.kind = event;
      break;
    }
    default:
      task.kind = SubWorkflowTask{.workflow = "child"};
  }
}

BreakerPolicies RandomBreakers(Random& random) {
  BreakerPolicies breakers;
  if (random.OneIn(2)) {
    breakers["a0"] = {.failure_threshold = 1 + random.Below(3), .cooldown = absl::Seconds(3)};
    breakers["group"] = {.failure_threshold = 1 + random.Below(2),
                         .cooldown = absl::Seconds(1 + random.Below(3)),
                         .probes = 1 + random.Below(2),
                         .success_threshold = 1 + random.Below(2)};
  }
  return breakers;
}

Task RandomTask(Random& random, uint32_t index) {
  Task task = {.name = fmt::format("t{}", index), .activity = fmt::format("a{}", random.Below(3))};
  task.priority = static_cast<int32_t>(random.Below(3)) - 1;
  task.retry.max_attempts = 1 + random.Below(3);
  task.retry.max_lost = 1 + random.Below(3);
  task.retry.backoff.kind = static_cast<BackoffKind>(random.Below(3));
  task.retry.backoff.base = absl::Milliseconds(1 + random.Below(5000));
  if (random.OneIn(3)) task.timeout = absl::Seconds(1 + random.Below(5));
  if (random.OneIn(4)) {
    Timeouts timeouts;
    if (random.OneIn(2)) timeouts.schedule_to_start = absl::Seconds(1 + random.Below(20));
    if (random.OneIn(2)) timeouts.schedule_to_close = absl::Seconds(5 + random.Below(20));
    if (random.OneIn(2)) timeouts.heartbeat = absl::Seconds(1 + random.Below(5));
    task.timeouts = timeouts;
    if (random.OneIn(2)) task.retry.deadline = absl::Seconds(1 + random.Below(10));
  }
  if (random.OneIn(4)) {
    const char* const patterns[] = {"all", "${key}", "customer ${input/customer}"};
    task.concurrency_key =
        ConcurrencyKey{.key = patterns[random.Below(3)], .held_in_retry = random.OneIn(2)};
  }
  if (random.OneIn(4)) task.breaker = "group";
  if (random.OneIn(6)) task.on_upstream_failure = UpstreamFailure::kRun;
  if (random.OneIn(6)) task.compensate = "a1";
  if (random.OneIn(4)) task.config = fmt::format(R"({{"n":{}}})", index);
  if (random.OneIn(5)) MakeWait(random, task);
  return task;
}

namespace {

// Some tasks that nothing depends on become cleanup tasks; one that depends on nothing never does.
void AddCleanup(Random& random, Workflow& workflow) {
  std::set<std::string> needed;
  for (const Task& task : workflow.tasks) {
    if (task.after.empty() && needed.empty()) needed.insert(task.name);
    needed.insert(task.after.begin(), task.after.end());
  }
  for (Task& task : workflow.tasks) {
    if (!task.kind.is_default() || needed.count(task.name) != 0 || !random.OneIn(3)) continue;
    task.trigger = static_cast<Trigger>(1 + random.Below(4));
    task.on_upstream_failure = UpstreamFailure::kSkip;
    task.compensate.clear();
  }
  // One cleanup task after another.
  Task* before = nullptr;
  for (Task& task : workflow.tasks) {
    if (task.trigger == Trigger::kNone) continue;
    if (before != nullptr && random.OneIn(2)) task.after.push_back(before->name);
    before = &task;
  }
}

void AddBranches(Random& random, Workflow& workflow) {
  for (Task& task : workflow.tasks) {
    if (!task.kind.is_default() || task.trigger != Trigger::kNone || !random.OneIn(4)) continue;
    ConditionalTask choice;
    for (const Task& child : workflow.tasks) {
      const bool depends =
          std::find(child.after.begin(), child.after.end(), task.name) != child.after.end();
      if (!depends || child.trigger != Trigger::kNone) continue;
      const uint32_t branch = random.Below(3);
      if (branch == 0) choice.then.push_back(child.name);
      if (branch == 1) choice.otherwise.push_back(child.name);
    }
    if (choice.then.empty() && choice.otherwise.empty()) continue;
    if (!task.after.empty() && random.OneIn(3)) {
      choice.when = When{.task = task.after[0]};
      ClearActivity(task);
    }
    task.kind = choice;
  }
}

}  // namespace

void AddRuns(Random& random, Workflow& workflow) {
  for (Task& task : workflow.tasks) {
    const bool waits = std::holds_alternative<EventTask>(*task.kind);
    if (waits && random.OneIn(2)) task.activity = "a1";
    if (task.kind.is_default() && random.OneIn(6)) task.kind = StatefulTask();
    if (task.kind.is_default() && task.trigger == Trigger::kNone && random.OneIn(6)) {
      task.kind = MapTask{.items = {.pointer = "/items"}, .parallelism = 1 + random.Below(3)};
    }
    if (!task.kind.is_default() || task.trigger != Trigger::kNone || !random.OneIn(4)) continue;
    if (random.OneIn(3)) {
      task.repeat = Cron{.expression = "*/2 * * * * *", .max_occurrences = 1 + random.Below(3)};
    } else if (random.OneIn(2)) {
      task.kind = LoopTask{.max_iterations = 1 + random.Below(4)};
    } else {
      task.repeat =
          Repeat{.count = 1 + random.Below(3),
                 .interval = absl::Milliseconds(random.OneIn(2) ? 0 : random.Below(3000))};
    }
  }
}

Workflow RandomGraph(Random& random, std::string name, uint32_t tasks, const DrawTask& draw) {
  Workflow workflow = {.name = std::move(name)};
  std::vector<uint32_t> order(tasks);
  for (uint32_t i = 0; i < tasks; ++i) {
    workflow.tasks.push_back(draw(random, i));
    order[i] = i;
    std::swap(order[i], order[random.Below(i + 1)]);
  }
  const uint32_t edges = random.Below(3 * tasks);
  for (uint32_t i = 0; i < edges; ++i) {
    const uint32_t a = random.Below(tasks);
    const uint32_t b = random.Below(tasks);
    if (a == b) continue;
    workflow.tasks[order[std::max(a, b)]].after.push_back(
        workflow.tasks[order[std::min(a, b)]].name);
  }
  AddCleanup(random, workflow);
  AddBranches(random, workflow);
  return workflow;
}

Workflow RandomWorkflow(Random& random, uint32_t tasks_max) {
  std::string name = fmt::format("w{}", random.Below(1000));
  Workflow workflow = RandomGraph(random, std::move(name), 1 + random.Below(tasks_max), RandomTask);
  AddRuns(random, workflow);
  return workflow;
}

}  // namespace stet::core
