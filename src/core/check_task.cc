// Validation of what few tasks have: kinds, repetition, cleanup, compensation, keys.
#include <algorithm>
#include <string>
#include <variant>

#include "base/format.h"
#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/concurrency_key.h"
#include "core/task_extra.h"
#include "schema/json_value.h"
#include "stet/cron.h"

namespace stet::core {
namespace {

constexpr std::string_view kName = "1 to 255 bytes of UTF-8 without control characters";

bool IsPositive(const std::optional<absl::Duration>& duration) {
  return !duration || IsStorable(*duration);
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::Status CheckUpstream(const Task& task, const std::string& field, const std::string& name) {
  if (Contains(task.after, name)) return absl::OkStatus();
  return InvalidPolicy(task, field, fmt::format("one of the tasks in its `after`, not '{}'", name));
}

absl::Status CheckPointer(const Task& task, const std::string& field, const std::string& pointer) {
  if (schema::IsJsonPointer(pointer) && pointer.size() <= kPointerBytesMax) return absl::OkStatus();
  return InvalidPolicy(task, field, "a JSON pointer (RFC 6901) such as /items/0");
}

absl::Status CheckWhen(const Task& task, const std::string& field, const When& when) {
  RETURN_IF_ERROR(CheckPointer(task, field + ".pointer", when.pointer));
  if (static_cast<size_t>(when.op) >= kCompareOpCount) {
    return InvalidPolicy(task, field + ".op", "a comparison");
  }
  if (when.op == CompareOp::kTrue || when.op == CompareOp::kExists) {
    if (when.value.empty()) return absl::OkStatus();
    return InvalidPolicy(task, field + ".value",
                         fmt::format("absent: the operator is {}", ToString(when.op)));
  }
  if (when.value.size() > kOperandBytesMax || !schema::IsJson(when.value)) {
    return InvalidPolicy(task, field + ".value",
                         fmt::format("JSON of at most {} bytes", kOperandBytesMax));
  }
  return absl::OkStatus();
}

absl::Status CheckValueAt(const Task& task, const std::string& field, const ValueAt& value) {
  if (!value.task.empty()) {
    RETURN_IF_ERROR(CheckUpstream(task, field + ".task", value.task));
  }
  return CheckPointer(task, field + ".pointer", value.pointer);
}

absl::Status CheckSpec(const Task&, const ActivityTask&) { return absl::OkStatus(); }
absl::Status CheckSpec(const Task&, const StatefulTask&) { return absl::OkStatus(); }

absl::Status CheckSpec(const Task& task, const ConditionalTask& conditional) {
  if (conditional.when.has_value() != task.activity.empty()) {
    return InvalidPolicy(
        task, "kind.when",
        task.activity.empty() ? "given, or its activity" : "absent, or its activity");
  }
  if (conditional.when) {
    RETURN_IF_ERROR(CheckWhen(task, "kind.when", *conditional.when));
    RETURN_IF_ERROR(CheckUpstream(task, "kind.when.task", conditional.when->task));
  }
  if (conditional.then.empty() && conditional.otherwise.empty()) {
    return InvalidPolicy(task, "kind.then", "given, or kind.otherwise");
  }
  for (const std::string& name : conditional.then) {
    if (Contains(conditional.otherwise, name)) {
      return InvalidPolicy(task, "kind.otherwise",
                           fmt::format("other tasks than kind.then; '{}' is in both", name));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSpec(const Task& task, const LoopTask& loop) {
  if (loop.max_iterations < 1) return InvalidPolicy(task, "kind.max_iterations", "at least 1");
  if (!loop.break_when) return absl::OkStatus();
  if (!loop.break_when->task.empty()) {
    return InvalidPolicy(task, "kind.break_when.task", "absent: it is about its own output");
  }
  return CheckWhen(task, "kind.break_when", *loop.break_when);
}

absl::Status CheckSpec(const Task& task, const EventTask& event) {
  if (!IsName(event.signal)) return InvalidPolicy(task, "kind.signal", std::string(kName));
  if (IsPositive(event.timeout)) return absl::OkStatus();
  return InvalidPolicy(task, "kind.timeout", "positive and finite");
}

absl::Status CheckSpec(const Task& task, const TimerTask& timer) {
  if (IsStorable(timer.duration)) return absl::OkStatus();
  return InvalidPolicy(task, "kind.duration", "positive and finite");
}

absl::Status CheckSpec(const Task& task, const MapTask& map) {
  if (map.parallelism < 1) return InvalidPolicy(task, "kind.parallelism", "at least 1");
  return CheckValueAt(task, "kind.items", map.items);
}

absl::Status CheckSpec(const Task& task, const SubWorkflowTask& child) {
  if (!IsName(child.workflow)) return InvalidPolicy(task, "kind.workflow", std::string(kName));
  return CheckValueAt(task, "kind.input", child.input);
}

// Whether the kind wants an activity is checked here, its name by the caller.
absl::Status CheckActivity(const Task& task) {
  switch (KindOf(*task.kind)) {
    case TaskKind::kActivity:
    case TaskKind::kStateful:
    case TaskKind::kLoop:
    case TaskKind::kMap:
      if (IsName(task.activity)) return absl::OkStatus();
      return InvalidActivityName(task.activity);
    case TaskKind::kConditional:
    case TaskKind::kEvent:
      if (task.activity.empty() || IsName(task.activity)) return absl::OkStatus();
      return InvalidActivityName(task.activity);
    case TaskKind::kTimer:
    case TaskKind::kSubWorkflow:
      break;
  }
  if (task.activity.empty()) return absl::OkStatus();
  return InvalidPolicy(task, "activity",
                       fmt::format("absent: a {} runs none", ToString(KindOf(*task.kind))));
}

bool RunsActivity(const Task& task) {
  const TaskKind kind = KindOf(*task.kind);
  return kind == TaskKind::kActivity || kind == TaskKind::kStateful;
}

absl::Status CheckRepeat(const Task& task) {
  if (std::holds_alternative<Once>(*task.repeat)) return absl::OkStatus();
  if (!RunsActivity(task)) {
    return InvalidPolicy(task, "repeat",
                         fmt::format("once for a {}", ToString(KindOf(*task.kind))));
  }
  if (const auto* repeat = std::get_if<Repeat>(&*task.repeat)) {
    if (repeat->count < 1) return InvalidPolicy(task, "repeat.count", "at least 1");
    if (repeat->interval < absl::ZeroDuration() || repeat->interval == absl::InfiniteDuration()) {
      return InvalidPolicy(task, "repeat.interval", "finite and not negative");
    }
    return absl::OkStatus();
  }
  const Cron& cron = std::get<Cron>(*task.repeat);
  if (cron.max_occurrences < 1) return InvalidPolicy(task, "repeat.max_occurrences", "at least 1");
  const absl::Status parsed = CronExpression::Parse(cron.expression).status();
  if (parsed.ok()) return absl::OkStatus();
  return InvalidPolicy(task, "repeat.expression",
                       fmt::format("a cron expression: {}", std::string(parsed.message())));
}

absl::Status CheckCleanup(const Task& task) {
  if (task.trigger > Trigger::kExit) {
    return InvalidPolicy(task, "trigger", "none, success, failure, cancel or exit");
  }
  if (task.on_upstream_failure > UpstreamFailure::kRun) {
    return InvalidPolicy(task, "on_upstream_failure", "skip or run");
  }
  if (task.trigger == Trigger::kNone) return absl::OkStatus();
  if (!RunsActivity(task)) {
    return InvalidPolicy(task, "kind", "activity or stateful for a cleanup task");
  }
  if (!std::holds_alternative<Once>(*task.repeat)) {
    return InvalidPolicy(task, "repeat", "absent from a cleanup task");
  }
  if (!task.compensate.empty()) {
    return InvalidPolicy(task, "compensate", "absent from a cleanup task");
  }
  if (task.on_upstream_failure == UpstreamFailure::kRun) {
    return InvalidPolicy(task, "on_upstream_failure",
                         "absent from a cleanup task: it runs however those before it ended");
  }
  return absl::OkStatus();
}

// What is about an activity's attempts.
absl::Status CheckWithoutActivity(const Task& task) {
  if (!task.activity.empty()) return absl::OkStatus();
  const std::string absent =
      fmt::format("absent: a {} without an activity", ToString(KindOf(*task.kind)));
  if (task.timeouts->heartbeat) return InvalidPolicy(task, "timeouts.heartbeat", absent);
  if (!task.breaker.empty()) return InvalidPolicy(task, "breaker", absent);
  return absl::OkStatus();
}

absl::Status CheckTimes(const Task& task) {
  const Timeouts& times = *task.timeouts;
  if (!IsPositive(times.schedule_to_start)) {
    return InvalidPolicy(task, "timeouts.schedule_to_start", "positive and finite");
  }
  if (!IsPositive(times.schedule_to_close)) {
    return InvalidPolicy(task, "timeouts.schedule_to_close", "positive and finite");
  }
  if (!IsPositive(times.heartbeat)) {
    return InvalidPolicy(task, "timeouts.heartbeat", "positive and finite");
  }
  if (times.schedule_to_close && task.timeout && *times.schedule_to_close < *task.timeout) {
    return InvalidPolicy(task, "timeouts.schedule_to_close", "at least timeout");
  }
  const auto* timer = std::get_if<TimerTask>(&*task.kind);
  if (timer != nullptr && times.schedule_to_close && *times.schedule_to_close < timer->duration) {
    return InvalidPolicy(task, "timeouts.schedule_to_close", "at least kind.duration");
  }
  if (!IsPositive(task.retry.deadline)) {
    return InvalidPolicy(task, "retry.deadline", "positive and finite");
  }
  if (task.retry.non_retryable.Has(absl::StatusCode::kOk)) {
    return InvalidPolicy(task, "retry.non_retryable", "codes of failures, not ok");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckExtra(const Task& task) {
  if (task.kind->valueless_by_exception() || task.repeat->valueless_by_exception()) {
    return InvalidPolicy(task, "kind", "given");
  }
  RETURN_IF_ERROR(CheckActivity(task));
  RETURN_IF_ERROR(
      std::visit([&task](const auto& spec) { return CheckSpec(task, spec); }, *task.kind));
  RETURN_IF_ERROR(CheckRepeat(task));
  RETURN_IF_ERROR(CheckCleanup(task));
  RETURN_IF_ERROR(CheckTimes(task));
  RETURN_IF_ERROR(CheckWithoutActivity(task));
  const ConcurrencyKey& key = *task.concurrency_key;
  if (key.key.empty() ? key.held_in_retry : !IsName(key.key)) {
    return InvalidPolicy(task, "concurrency_key.key", std::string(kName));
  }
  if (!IsKeyPattern(key.key)) {
    return InvalidPolicy(task, "concurrency_key.key",
                         "without placeholders but ${key} and ${input/a/json/pointer}");
  }
  if (!task.compensate.empty() && !IsName(task.compensate)) {
    return InvalidPolicy(task, "compensate", std::string(kName));
  }
  if (!task.breaker.empty() && !IsName(task.breaker)) {
    return InvalidPolicy(task, "breaker", std::string(kName));
  }
  return absl::OkStatus();
}

absl::Status CheckPlace(const Task& task, uint32_t index, const GraphQuestions& graph) {
  const auto* conditional = std::get_if<ConditionalTask>(&*task.kind);
  if (conditional == nullptr) return absl::OkStatus();
  for (const auto* branch : {&conditional->then, &conditional->otherwise}) {
    const std::string field = branch == &conditional->then ? "kind.then" : "kind.otherwise";
    for (const std::string& name : *branch) {
      const std::optional<uint32_t> head = graph.find(name);
      if (!head || !graph.depends(*head, index)) {
        return InvalidPolicy(task, field,
                             fmt::format("tasks that depend on it; '{}' does not", name));
      }
      if (graph.is_cleanup(*head)) {
        return InvalidPolicy(task, field, fmt::format("no cleanup tasks; '{}' is one", name));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace stet::core
