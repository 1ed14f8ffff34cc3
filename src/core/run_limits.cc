// Limits of time, from the policies of a task and from what its run remembers.
#include "core/run_limits.h"

#include <algorithm>

#include <fmt/format.h>

namespace stet::core {
namespace {

using schema::TimeoutKind;

// The earlier of the two.
void Tighten(RunLimit& limit, int64_t at_ns, TimeoutKind kind) {
  if (at_ns == 0 || (limit.at_ns != 0 && limit.at_ns <= at_ns)) return;
  limit = {.at_ns = at_ns, .kind = kind};
}

int64_t Milliseconds(int64_t ns) { return ns / 1'000'000; }

}  // namespace

int64_t Later(int64_t at_ns, int64_t ns) { return at_ns > INT64_MAX - ns ? INT64_MAX : at_ns + ns; }

RunLimit LimitOfReady(const Execution& execution, uint32_t task) {
  RunLimit limit;
  const TaskExtra* extra = execution.definition->extra(task);
  if (extra == nullptr) return limit;
  if (const RunNotes* notes = execution.notes.Find(task)) {
    Tighten(limit, notes->close_by, TimeoutKind::ScheduleToClose);
    Tighten(limit, notes->retry_by, TimeoutKind::RetryDeadline);
  }
  if (extra->schedule_to_start != 0) {
    Tighten(limit, Later(execution.tasks[task].updated_at, extra->schedule_to_start),
            TimeoutKind::ScheduleToStart);
  }
  return limit;
}

RunLimit LimitOfAttempt(const Execution& execution, uint32_t task, int64_t now) {
  RunLimit limit;
  const int64_t timeout = execution.definition->policy(task).timeout();
  if (timeout != 0) limit.at_ns = Later(now, timeout);
  if (const RunNotes* notes = execution.notes.Find(task)) {
    Tighten(limit, notes->close_by, TimeoutKind::ScheduleToClose);
  }
  return limit;
}

bool MayBegin(const Execution& execution, uint32_t task, int64_t at_ns) {
  const RunNotes* notes = execution.notes.Find(task);
  if (notes == nullptr) return true;
  return (notes->close_by == 0 || at_ns < notes->close_by) &&
         (notes->retry_by == 0 || at_ns < notes->retry_by);
}

bool HasLimitsOfReady(const Definition& definition) {
  return std::any_of(definition.extras().begin(), definition.extras().end(),
                     [](const TaskExtra& extra) {
                       return extra.schedule_to_start != 0 || extra.schedule_to_close != 0 ||
                              extra.retry_deadline != 0;
                     });
}

std::string TimeoutText(const Execution& execution, uint32_t task, TimeoutKind kind) {
  const TaskExtra* extra = execution.definition->extra(task);
  switch (kind) {
    case TimeoutKind::StartToClose:
      return fmt::format("timed out after {} ms",
                         Milliseconds(execution.definition->policy(task).timeout()));
    case TimeoutKind::ScheduleToStart:
      return fmt::format("schedule-to-start timeout: did not start within {} ms of being ready",
                         extra == nullptr ? 0 : Milliseconds(extra->schedule_to_start));
    case TimeoutKind::ScheduleToClose:
      return fmt::format("schedule-to-close timeout: did not end within {} ms of being ready",
                         extra == nullptr ? 0 : Milliseconds(extra->schedule_to_close));
    case TimeoutKind::Heartbeat:
      return fmt::format("heartbeat timeout: was not heard of for {} ms",
                         extra == nullptr ? 0 : Milliseconds(extra->heartbeat));
    case TimeoutKind::RetryDeadline:
      return fmt::format("retry deadline: no attempt began within {} ms of the first",
                         extra == nullptr ? 0 : Milliseconds(extra->retry_deadline));
  }
  return "timed out";
}

}  // namespace stet::core
