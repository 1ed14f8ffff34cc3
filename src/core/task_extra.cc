// Field by field, there and back.
#include "core/task_extra.h"

#include <type_traits>
#include <utility>
#include <variant>

namespace stet::core {
namespace {

static_assert(static_cast<size_t>(fb::TaskKind::MAX) + 1 == kTaskKindCount);
static_assert(static_cast<uint8_t>(fb::TaskKind::SubWorkflow) ==
              static_cast<uint8_t>(TaskKind::kSubWorkflow));
static_assert(static_cast<size_t>(fb::CompareOp::MAX) == kCompareOpCount);
static_assert(static_cast<uint8_t>(fb::Trigger::Exit) == static_cast<uint8_t>(Trigger::kExit));

int64_t Ns(const std::optional<absl::Duration>& duration) {
  return duration ? absl::ToInt64Nanoseconds(*duration) : 0;
}

std::optional<absl::Duration> DurationOrNone(int64_t ns) {
  if (ns == 0) return std::nullopt;
  return absl::Nanoseconds(ns);
}

void Store(const std::optional<When>& when, TaskExtra& extra) {
  if (!when) return;
  extra.op = static_cast<fb::CompareOp>(static_cast<uint8_t>(when->op) + 1);
  extra.value_task = when->task;
  extra.value_pointer = when->pointer;
  extra.operand = when->value;
}

std::optional<When> RestoreWhen(const TaskExtra& extra) {
  if (extra.op == fb::CompareOp::None) return std::nullopt;
  return When{.task = extra.value_task,
              .pointer = extra.value_pointer,
              .op = static_cast<CompareOp>(static_cast<uint8_t>(extra.op) - 1),
              .value = extra.operand};
}

void Store(const ValueAt& value, TaskExtra& extra) {
  extra.value_task = value.task;
  extra.value_pointer = value.pointer;
}

ValueAt RestoreValue(const TaskExtra& extra) {
  return {.task = extra.value_task, .pointer = extra.value_pointer};
}

void StoreKind(const ActivityTask&, TaskExtra&) {}
void StoreKind(const StatefulTask&, TaskExtra&) {}
void StoreKind(const ConditionalTask& conditional, TaskExtra& extra) {
  Store(conditional.when, extra);
  extra.then_tasks = conditional.then;
  extra.else_tasks = conditional.otherwise;
}
void StoreKind(const LoopTask& loop, TaskExtra& extra) {
  extra.iterations_max = loop.max_iterations;
  Store(loop.break_when, extra);
}
void StoreKind(const EventTask& event, TaskExtra& extra) {
  extra.signal = event.signal;
  extra.duration = Ns(event.timeout);
}
void StoreKind(const TimerTask& timer, TaskExtra& extra) {
  extra.duration = absl::ToInt64Nanoseconds(timer.duration);
}
void StoreKind(const MapTask& map, TaskExtra& extra) {
  Store(map.items, extra);
  extra.parallelism = map.parallelism;
}
void StoreKind(const SubWorkflowTask& child, TaskExtra& extra) {
  extra.workflow = child.workflow;
  Store(child.input, extra);
}

KindSpec RestoreKind(const TaskExtra& extra) {
  switch (extra.kind) {
    case fb::TaskKind::Activity:
      break;
    case fb::TaskKind::Stateful:
      return StatefulTask{};
    case fb::TaskKind::Conditional:
      return ConditionalTask{
          .when = RestoreWhen(extra), .then = extra.then_tasks, .otherwise = extra.else_tasks};
    case fb::TaskKind::Loop:
      return LoopTask{.max_iterations = extra.iterations_max, .break_when = RestoreWhen(extra)};
    case fb::TaskKind::Event:
      return EventTask{.signal = extra.signal, .timeout = DurationOrNone(extra.duration)};
    case fb::TaskKind::Timer:
      return TimerTask{.duration = absl::Nanoseconds(extra.duration)};
    case fb::TaskKind::Map:
      return MapTask{.items = RestoreValue(extra), .parallelism = extra.parallelism};
    case fb::TaskKind::SubWorkflow:
      return SubWorkflowTask{.workflow = extra.workflow, .input = RestoreValue(extra)};
  }
  return ActivityTask{};
}

void StoreRepeat(const RunPolicy& policy, TaskExtra& extra) {
  if (const auto* repeat = std::get_if<Repeat>(&policy)) {
    extra.repeat = fb::RepeatKind::Repeat;
    extra.repeat_count = repeat->count;
    extra.repeat_interval = absl::ToInt64Nanoseconds(repeat->interval);
  } else if (const auto* cron = std::get_if<Cron>(&policy)) {
    extra.repeat = fb::RepeatKind::Cron;
    extra.repeat_count = cron->max_occurrences;
    extra.cron = cron->expression;
  }
}

RunPolicy RestoreRepeat(const TaskExtra& extra) {
  switch (extra.repeat) {
    case fb::RepeatKind::Once:
      break;
    case fb::RepeatKind::Repeat:
      return Repeat{.count = extra.repeat_count,
                    .interval = absl::Nanoseconds(extra.repeat_interval)};
    case fb::RepeatKind::Cron:
      return Cron{.expression = extra.cron, .max_occurrences = extra.repeat_count};
  }
  return Once{};
}

}  // namespace

bool HasExtra(const Task& task) {
  return task.on_upstream_failure != UpstreamFailure::kSkip || task.trigger != Trigger::kNone ||
         !task.compensate.empty() || !task.breaker.empty() || !task.retry.non_retryable.empty() ||
         task.retry.deadline.has_value() || !task.kind.is_default() || !task.repeat.is_default() ||
         !task.timeouts.is_default() || !task.concurrency_key.is_default();
}

TaskExtra StoredExtra(const Task& task, uint32_t index) {
  TaskExtra extra;
  extra.task = index;
  extra.kind = static_cast<fb::TaskKind>(task.kind->index());
  extra.on_upstream_failure = static_cast<fb::UpstreamFailure>(task.on_upstream_failure);
  extra.trigger = static_cast<fb::Trigger>(task.trigger);
  extra.compensate = task.compensate;
  extra.breaker = task.breaker;
  extra.schedule_to_start = Ns(task.timeouts->schedule_to_start);
  extra.schedule_to_close = Ns(task.timeouts->schedule_to_close);
  extra.heartbeat = Ns(task.timeouts->heartbeat);
  extra.concurrency_key = task.concurrency_key->key;
  extra.key_held_in_retry = task.concurrency_key->held_in_retry;
  extra.non_retryable = task.retry.non_retryable.bits();
  extra.retry_deadline = Ns(task.retry.deadline);
  StoreRepeat(*task.repeat, extra);
  std::visit([&extra](const auto& kind) { StoreKind(kind, extra); }, *task.kind);
  return extra;
}

void RestoreExtra(const TaskExtra& extra, Task& task) {
  task.on_upstream_failure = static_cast<UpstreamFailure>(extra.on_upstream_failure);
  task.trigger = static_cast<Trigger>(extra.trigger);
  task.compensate = extra.compensate;
  task.breaker = extra.breaker;
  const Timeouts timeouts = {.schedule_to_start = DurationOrNone(extra.schedule_to_start),
                             .schedule_to_close = DurationOrNone(extra.schedule_to_close),
                             .heartbeat = DurationOrNone(extra.heartbeat)};
  if (timeouts != Timeouts()) task.timeouts = timeouts;
  if (!extra.concurrency_key.empty()) {
    task.concurrency_key =
        ConcurrencyKey{.key = extra.concurrency_key, .held_in_retry = extra.key_held_in_retry};
  }
  task.retry.non_retryable = CodeSet::FromBits(extra.non_retryable);
  task.retry.deadline = DurationOrNone(extra.retry_deadline);
  if (extra.repeat != fb::RepeatKind::Once) task.repeat = RestoreRepeat(extra);
  if (extra.kind != fb::TaskKind::Activity) task.kind = RestoreKind(extra);
}

}  // namespace stet::core
