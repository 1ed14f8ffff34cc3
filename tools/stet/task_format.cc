// Reading of kinds and of what few tasks say.
#include "tools/stet/task_format.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

absl::StatusOr<bool> Boolean(const Field& field) {
  STET_RETURN_IF_ERROR(field.ExpectKind(JsonValue::Kind::kBool));
  return field.value().boolean;
}

// The member `key`, or nothing.
std::optional<Field> Find(const Field& object, std::string_view key) {
  const JsonValue* value = object.value().Find(key);
  if (value == nullptr) return std::nullopt;
  return object.Member(key, *value);
}

absl::StatusOr<std::vector<std::string>> Names(const Field& list) {
  STET_RETURN_IF_ERROR(list.ExpectKind(JsonValue::Kind::kArray));
  std::vector<std::string> names;
  for (size_t i = 0; i < list.value().items.size(); ++i) {
    STET_ASSIGN_OR_RETURN(std::string name, list.Item(i).NonEmptyString());
    names.push_back(std::move(name));
  }
  return names;
}

// A scalar as JSON text.
absl::StatusOr<std::string> Scalar(const Field& field) {
  const JsonValue& value = field.value();
  switch (value.kind) {
    case JsonValue::Kind::kNull:
      return "null";
    case JsonValue::Kind::kBool:
      return value.boolean ? "true" : "false";
    case JsonValue::Kind::kInteger:
      return fmt::format("{}", value.integer);
    case JsonValue::Kind::kNumber:
      return nlohmann::json(value.number).dump();
    case JsonValue::Kind::kString:
      return nlohmann::json(value.text).dump();
    case JsonValue::Kind::kArray:
    case JsonValue::Kind::kObject:
      break;
  }
  return field.Error("must be a string, a number, true, false or null");
}

absl::StatusOr<When> ParseWhen(const Field& object) {
  When when;
  STET_RETURN_IF_ERROR(object.ExpectKeys({"task", "pointer", "op", "value"}));
  if (const auto task = Find(object, "task")) {
    STET_ASSIGN_OR_RETURN(when.task, task->NonEmptyString());
  }
  if (const auto pointer = Find(object, "pointer")) {
    STET_ASSIGN_OR_RETURN(when.pointer, pointer->String());
  }
  if (const auto value = Find(object, "value")) {
    when.op = CompareOp::kEqual;
    STET_ASSIGN_OR_RETURN(when.value, Scalar(*value));
  }
  if (const auto op = Find(object, "op")) {
    STET_ASSIGN_OR_RETURN(const std::string name, op->String());
    const std::optional<CompareOp> known = CompareOpFrom(name);
    if (!known) {
      return op->Error(
          fmt::format("{} must be one of true, exists, ==, !=, <, <=, >, >=", Quote(name)));
    }
    when.op = *known;
  }
  return when;
}

absl::StatusOr<ValueAt> ParseValueAt(const Field& object) {
  ValueAt value;
  STET_RETURN_IF_ERROR(object.ExpectKeys({"task", "pointer"}));
  if (const auto task = Find(object, "task")) {
    STET_ASSIGN_OR_RETURN(value.task, task->NonEmptyString());
  }
  if (const auto pointer = Find(object, "pointer")) {
    STET_ASSIGN_OR_RETURN(value.pointer, pointer->String());
  }
  return value;
}

absl::StatusOr<uint32_t> Count(const Field& field) {
  STET_ASSIGN_OR_RETURN(const int64_t count, field.Integer(1, UINT32_MAX));
  return static_cast<uint32_t>(count);
}

absl::StatusOr<KindSpec> ParseStateful(const Field& field) {
  STET_ASSIGN_OR_RETURN(const bool stateful, Boolean(field));
  if (stateful) return StatefulTask{};
  return ActivityTask{};
}

absl::StatusOr<KindSpec> ParseLoop(const Field& object) {
  LoopTask loop;
  STET_RETURN_IF_ERROR(object.ExpectKeys({"max_iterations", "break_when"}));
  STET_ASSIGN_OR_RETURN(const Field max, object.Required("max_iterations"));
  STET_ASSIGN_OR_RETURN(loop.max_iterations, Count(max));
  if (const auto when = Find(object, "break_when")) {
    STET_ASSIGN_OR_RETURN(loop.break_when, ParseWhen(*when));
  }
  return loop;
}

absl::StatusOr<KindSpec> ParseSignal(const Field& object) {
  EventTask event;
  STET_RETURN_IF_ERROR(object.ExpectKeys({"name", "timeout"}));
  STET_ASSIGN_OR_RETURN(const Field name, object.Required("name"));
  STET_ASSIGN_OR_RETURN(event.signal, name.NonEmptyString());
  if (const auto timeout = Find(object, "timeout")) {
    STET_ASSIGN_OR_RETURN(event.timeout, timeout->Duration());
  }
  return event;
}

absl::StatusOr<KindSpec> ParseSleep(const Field& field) {
  STET_ASSIGN_OR_RETURN(const absl::Duration duration, field.Duration());
  return TimerTask{.duration = duration};
}

absl::StatusOr<KindSpec> ParseMap(const Field& object) {
  MapTask map;
  STET_RETURN_IF_ERROR(object.ExpectKeys({"items", "parallelism"}));
  STET_ASSIGN_OR_RETURN(const Field items, object.Required("items"));
  STET_ASSIGN_OR_RETURN(map.items, ParseValueAt(items));
  if (const auto parallelism = Find(object, "parallelism")) {
    STET_ASSIGN_OR_RETURN(map.parallelism, Count(*parallelism));
  }
  return map;
}

absl::StatusOr<KindSpec> ParseChild(const Field& object) {
  SubWorkflowTask child;
  STET_RETURN_IF_ERROR(object.ExpectKeys({"name", "input"}));
  STET_ASSIGN_OR_RETURN(const Field name, object.Required("name"));
  STET_ASSIGN_OR_RETURN(child.workflow, name.NonEmptyString());
  if (const auto input = Find(object, "input")) {
    STET_ASSIGN_OR_RETURN(child.input, ParseValueAt(*input));
  }
  return child;
}

absl::Status ParseConditional(const Field& object, Task& task) {
  ConditionalTask conditional;
  if (const auto when = Find(object, "if")) {
    STET_ASSIGN_OR_RETURN(conditional.when, ParseWhen(*when));
  }
  if (const auto then = Find(object, "then")) {
    STET_ASSIGN_OR_RETURN(conditional.then, Names(*then));
  }
  if (const auto otherwise = Find(object, "else")) {
    STET_ASSIGN_OR_RETURN(conditional.otherwise, Names(*otherwise));
  }
  task.kind = std::move(conditional);
  return absl::OkStatus();
}

// A task is of one kind.
absl::Status ParseKind(const Field& object, Task& task) {
  struct Kind {
    std::string_view key;
    absl::StatusOr<KindSpec> (*parse)(const Field&);
  };
  constexpr Kind kKinds[] = {{"stateful", ParseStateful}, {"loop", ParseLoop},
                             {"signal", ParseSignal},     {"sleep", ParseSleep},
                             {"map", ParseMap},           {"workflow", ParseChild}};
  std::string_view first;
  for (const std::string_view key : {"if", "then", "else"}) {
    if (first.empty() && object.value().Find(key) != nullptr) first = key;
  }
  if (!first.empty()) STET_RETURN_IF_ERROR(ParseConditional(object, task));
  for (const Kind& kind : kKinds) {
    const auto field = Find(object, kind.key);
    if (!field) continue;
    if (!first.empty()) {
      return field->Error(
          fmt::format("a task is of one kind: it has {} and {}", Quote(first), Quote(kind.key)));
    }
    first = kind.key;
    STET_ASSIGN_OR_RETURN(KindSpec spec, kind.parse(*field));
    if (spec != KindSpec()) task.kind = std::move(spec);
  }
  return absl::OkStatus();
}

absl::Status ParseRepeat(const Field& object, Task& task) {
  STET_RETURN_IF_ERROR(object.ExpectKeys({"count", "interval", "cron", "max_occurrences"}));
  if (const auto cron = Find(object, "cron")) {
    Cron policy;
    STET_ASSIGN_OR_RETURN(policy.expression, cron->NonEmptyString());
    for (const std::string_view key : {"count", "interval"}) {
      if (const auto other = Find(object, key)) {
        return other->Error("goes without \"cron\"");
      }
    }
    STET_ASSIGN_OR_RETURN(const Field max, object.Required("max_occurrences"));
    STET_ASSIGN_OR_RETURN(policy.max_occurrences, Count(max));
    task.repeat = std::move(policy);
    return absl::OkStatus();
  }
  if (const auto max = Find(object, "max_occurrences")) return max->Error("goes with \"cron\"");
  Repeat policy;
  STET_ASSIGN_OR_RETURN(const Field count, object.Required("count"));
  STET_ASSIGN_OR_RETURN(policy.count, Count(count));
  if (const auto interval = Find(object, "interval")) {
    STET_ASSIGN_OR_RETURN(policy.interval, interval->Duration());
  }
  task.repeat = policy;
  return absl::OkStatus();
}

absl::Status ParseTimeouts(const Field& object, Task& task) {
  STET_RETURN_IF_ERROR(object.ExpectKeys({"schedule_to_start", "schedule_to_close", "heartbeat"}));
  Timeouts timeouts;
  for (const auto& [key, value] : object.value().members) {
    STET_ASSIGN_OR_RETURN(const absl::Duration duration, object.Member(key, value).Duration());
    (key == "heartbeat"           ? timeouts.heartbeat
     : key == "schedule_to_start" ? timeouts.schedule_to_start
                                  : timeouts.schedule_to_close) = duration;
  }
  task.timeouts = timeouts;
  return absl::OkStatus();
}

absl::Status ParseConcurrencyKey(const Field& object, Task& task) {
  STET_RETURN_IF_ERROR(object.ExpectKeys({"key", "held_in_retry"}));
  ConcurrencyKey policy;
  STET_ASSIGN_OR_RETURN(const Field key, object.Required("key"));
  STET_ASSIGN_OR_RETURN(policy.key, key.NonEmptyString());
  if (const auto held = Find(object, "held_in_retry")) {
    STET_ASSIGN_OR_RETURN(policy.held_in_retry, Boolean(*held));
  }
  task.concurrency_key = std::move(policy);
  return absl::OkStatus();
}

absl::Status ParseChoices(const Field& object, Task& task) {
  if (const auto choice = Find(object, "on_upstream_failure")) {
    STET_ASSIGN_OR_RETURN(const std::string name, choice->String());
    if (name != "skip" && name != "run") {
      return choice->Error(fmt::format("{} must be \"skip\" or \"run\"", Quote(name)));
    }
    task.on_upstream_failure = name == "run" ? UpstreamFailure::kRun : UpstreamFailure::kSkip;
  }
  if (const auto trigger = Find(object, "trigger")) {
    STET_ASSIGN_OR_RETURN(const std::string name, trigger->String());
    const std::optional<Trigger> known = TriggerFrom(name);
    if (!known || *known == Trigger::kNone) {
      return trigger->Error(
          fmt::format("{} must be \"success\", \"failure\", \"cancel\" or \"exit\"", Quote(name)));
    }
    task.trigger = *known;
  }
  if (const auto breaker = Find(object, "breaker")) {
    STET_ASSIGN_OR_RETURN(task.breaker, breaker->NonEmptyString());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseTaskExtras(const Field& object, Task& task) {
  STET_RETURN_IF_ERROR(ParseKind(object, task));
  STET_RETURN_IF_ERROR(ParseChoices(object, task));
  if (const auto repeat = Find(object, "repeat")) {
    STET_RETURN_IF_ERROR(ParseRepeat(*repeat, task));
  }
  if (const auto timeouts = Find(object, "timeouts")) {
    STET_RETURN_IF_ERROR(ParseTimeouts(*timeouts, task));
  }
  if (const auto key = Find(object, "concurrency_key")) return ParseConcurrencyKey(*key, task);
  return absl::OkStatus();
}

CommandUse CommandUseOf(const Task& task) {
  switch (KindOf(*task.kind)) {
    case TaskKind::kActivity:
    case TaskKind::kStateful:
    case TaskKind::kLoop:
    case TaskKind::kMap:
      return CommandUse::kNeeded;
    case TaskKind::kConditional:
      return std::get<ConditionalTask>(*task.kind).when ? CommandUse::kNone : CommandUse::kNeeded;
    case TaskKind::kEvent:
      return CommandUse::kAllowed;
    case TaskKind::kTimer:
    case TaskKind::kSubWorkflow:
      return CommandUse::kNone;
  }
  return CommandUse::kNeeded;
}

}  // namespace stet::cli
