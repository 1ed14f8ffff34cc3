// Run policies, as definitions store them.
#include "core/run_policy.h"

#include <algorithm>

#include "core/run_limits.h"
#include "stet/cron.h"

namespace stet::core {
namespace {

uint32_t RunsMaxOf(const Definition& definition, const TaskExtra& extra) {
  if (extra.kind == fb::TaskKind::Event) return HandlesEvent(definition, extra.task) ? 2 : 1;
  if (extra.kind == fb::TaskKind::Loop) return extra.iterations_max;
  return extra.repeat == fb::RepeatKind::Once ? 1 : extra.repeat_count;
}

}  // namespace

uint32_t RunsDone(const Execution& execution, uint32_t task) {
  const RunNotes* notes = execution.notes.Find(task);
  return notes == nullptr ? 0 : notes->runs;
}

uint64_t RunNumber(const Execution& execution, uint32_t task) {
  return uint64_t{execution.tasks[task].generation} + RunsDone(execution, task);
}

uint32_t OccurrenceOf(const Execution& execution, uint32_t task) {
  return HandlesEvent(*execution.definition, task) ? 1 : RunsDone(execution, task) + 1;
}

uint32_t RunsMax(const Definition& definition, uint32_t task) {
  const TaskExtra* extra = definition.extra(task);
  return extra == nullptr ? 1 : RunsMaxOf(definition, *extra);
}

bool HasRepeats(const Definition& definition) {
  return std::any_of(definition.extras().begin(), definition.extras().end(),
                     [&definition](const TaskExtra& extra) {
                       return RunsMaxOf(definition, extra) > 1 ||
                              extra.repeat == fb::RepeatKind::Cron;
                     });
}

bool HandlesEvent(const Definition& definition, uint32_t task) {
  const TaskExtra* extra = definition.extra(task);
  return extra != nullptr && extra->kind == fb::TaskKind::Event &&
         !definition.activity(task).empty();
}

bool IsIdle(const Execution& execution, uint32_t task) {
  const TaskExtra* extra = execution.definition->extra(task);
  if (extra == nullptr) return false;
  if (extra->kind == fb::TaskKind::Map) return true;
  return HandlesEvent(*execution.definition, task) && RunsDone(execution, task) == 0;
}

bool KeepsSignal(const Execution& execution, uint32_t task) {
  return HandlesEvent(*execution.definition, task) && RunsDone(execution, task) == 1;
}

bool RunsByCron(const Definition& definition, uint32_t task) {
  const TaskExtra* extra = definition.extra(task);
  return extra != nullptr && extra->repeat == fb::RepeatKind::Cron;
}

int64_t CronTime(const Definition& definition, uint32_t task, int64_t now) {
  const auto calendar = CronExpression::Parse(definition.extra(task)->cron);
  if (!calendar.ok()) return now;
  const auto next = calendar->Next(absl::FromUnixNanos(now), absl::UTCTimeZone());
  // A calendar that has run out keeps nothing waiting.
  return next ? std::max<int64_t>(absl::ToUnixNanos(*next), 1) : std::max<int64_t>(now, 1);
}

std::optional<int64_t> NextRunAt(const Execution& execution, uint32_t task, int64_t now) {
  const uint32_t runs_max = RunsMax(*execution.definition, task);
  if (runs_max <= 1 || RunsDone(execution, task) + 1 >= runs_max) return std::nullopt;
  if (RunsByCron(*execution.definition, task)) return CronTime(*execution.definition, task, now);
  return Later(now, execution.definition->extra(task)->repeat_interval);
}

}  // namespace stet::core
