// Commands of operators, done by an engine.
#include "tools/stet/operation.h"

#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/stet/attempt_files.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/time_text.h"
#include "tools/stet/why_json.h"

namespace stet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kActions[] = {"why",
                                         "retry",
                                         "cancel",
                                         "pause",
                                         "resume",
                                         "priority",
                                         "purge",
                                         "dead_requeue",
                                         "dead_drop",
                                         "signal",
                                         "schedule_create",
                                         "schedule_trigger",
                                         "schedule_backfill",
                                         "schedule_pause",
                                         "schedule_resume",
                                         "schedule_remove",
                                         "snapshot",
                                         "breaker_reset"};
static_assert(std::size(kActions) == static_cast<size_t>(Action::kBreakerReset) + 1);

std::string TextOf(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool IsTrue(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_boolean() && at->get<bool>();
}

// What names no execution: the engine, or an activity.
absl::StatusOr<Json> PerformGlobally(Engine& engine, const Operation& operation) {
  const bool pause = operation.action == Action::kPause;
  const std::string& activity = operation.activity;
  absl::StatusOr<uint64_t> seq;
  if (activity.empty()) {
    seq = pause ? engine.PauseEngine() : engine.ResumeEngine();
  } else {
    seq = pause ? engine.PauseActivity(activity) : engine.ResumeActivity(activity);
  }
  STET_RETURN_IF_ERROR(seq.status());
  Json answer = {{"action", ToString(operation.action)}};
  answer["activity"] = nullptr;
  if (!activity.empty()) answer["activity"] = activity;
  answer["paused"] = pause;
  answer["seq"] = *seq;
  return answer;
}

absl::StatusOr<uint64_t> ChangeSchedule(Engine& engine, const Operation& operation) {
  const ScheduleOrder& order = operation.schedule;
  switch (operation.action) {
    case Action::kScheduleCreate: {
      STET_ASSIGN_OR_RETURN(ScheduleSpec spec, SpecOf(order));
      return engine.CreateSchedule(std::move(spec));
    }
    case Action::kScheduleTrigger:
      return engine.TriggerSchedule(order.name);
    case Action::kScheduleBackfill: {
      STET_ASSIGN_OR_RETURN(const absl::Time from, TimeFrom(order.from));
      STET_ASSIGN_OR_RETURN(const absl::Time to, TimeFrom(order.to));
      return engine.BackfillSchedule(order.name, from, to);
    }
    case Action::kSchedulePause:
      return engine.PauseSchedule(order.name);
    case Action::kScheduleResume:
      return engine.ResumeSchedule(order.name);
    default:
      return engine.RemoveSchedule(order.name);
  }
}

absl::StatusOr<Json> PerformOnSchedule(Engine& engine, const Operation& operation) {
  STET_ASSIGN_OR_RETURN(const uint64_t seq, ChangeSchedule(engine, operation));
  Json answer = {{"action", ToString(operation.action)}, {"schedule", operation.schedule.name}};
  STET_ASSIGN_OR_RETURN(const std::vector<ScheduleReport> all, engine.Schedules());
  for (const ScheduleReport& report : all) {
    if (report.name == operation.schedule.name) answer.update(ScheduleJson(report));
  }
  answer["seq"] = seq;
  return answer;
}

absl::StatusOr<Json> ResetBreaker(Engine& engine, const Operation& operation) {
  STET_ASSIGN_OR_RETURN(const uint64_t seq, engine.ResetBreaker(operation.breaker));
  Json answer = {{"action", ToString(operation.action)}};
  answer["breaker"] = operation.breaker;
  answer["seq"] = seq;
  return answer;
}

// `key` is exact.
absl::StatusOr<uint64_t> Change(Engine& engine, const std::string& key,
                                const Operation& operation) {
  switch (operation.action) {
    case Action::kWhy:
    case Action::kSnapshot:
    case Action::kBreakerReset:
      break;
    case Action::kRetry:
      return engine.Retry(key);
    case Action::kCancel:
      return engine.Cancel(key, {.compensate = operation.compensate});
    case Action::kPause:
      return engine.Pause(key);
    case Action::kResume:
      return engine.Resume(key);
    case Action::kPriority:
      return engine.SetPriority(key, operation.priority);
    case Action::kPurge:
      return engine.Purge(key);
    case Action::kDeadRequeue:
      return engine.Requeue(key, operation.task);
    case Action::kDeadDrop:
      return engine.Drop(key, operation.task);
    case Action::kSignal:
      return engine.Signal(key, operation.signal, Payload(operation.payload), operation.id);
    case Action::kScheduleCreate:
    case Action::kScheduleTrigger:
    case Action::kScheduleBackfill:
    case Action::kSchedulePause:
    case Action::kScheduleResume:
    case Action::kScheduleRemove:
      break;
  }
  return absl::InternalError("no change");
}

absl::StatusOr<Json> MakeSnapshot(Engine& engine) {
  STET_ASSIGN_OR_RETURN(const SnapshotInfo made, engine.Snapshot());
  return Json{{"action", ToString(Action::kSnapshot)},
              {"file", made.file},
              {"bytes", made.bytes},
              {"digest", fmt::format("{:016x}", made.digest)},
              {"created_at", TimeJson(made.created)},
              {"seq", made.anchor.seq}};
}

// What must be there, and in a state to be destroyed, before anybody is asked whether it may be.
absl::Status CheckPreview(Engine& engine, const ExecutionSummary& execution,
                          const Operation& operation) {
  if (operation.action == Action::kDeadDrop) {
    return engine.GetDeadLetter(execution.key, operation.task).status();
  }
  if (IsTerminal(execution.state)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} is {}: cancel it first", Quote(execution.key), ToString(execution.state)));
}

Json AnswerOf(const Operation& operation, const ExecutionSummary& execution) {
  Json answer = {{"action", ToString(operation.action)}};
  answer.update(SummaryJson(execution));
  if (!operation.task.empty()) answer["task"] = operation.task;
  if (!operation.signal.empty()) answer["signal"] = operation.signal;
  answer["seq"] = nullptr;
  return answer;
}

}  // namespace

bool IsLong(const Operation& operation) { return operation.action == Action::kSnapshot; }

std::string_view ToString(Action action) { return kActions[static_cast<size_t>(action)]; }

Json OperationJson(const Operation& operation) {
  return {{"action", ToString(operation.action)},
          {"execution", operation.execution},
          {"task", operation.task},
          {"activity", operation.activity},
          {"breaker", operation.breaker},
          {"priority", operation.priority},
          {"signal", operation.signal},
          {"payload", operation.payload},
          {"id", operation.id},
          {"schedule", ScheduleOrderJson(operation.schedule)},
          {"compensate", operation.compensate},
          {"confirmed", operation.confirmed}};
}

absl::StatusOr<Operation> OperationFrom(const Json& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("a request is one JSON object a line");
  const std::string action = TextOf(json, "action");
  std::optional<Action> found;
  for (size_t i = 0; i < std::size(kActions); ++i) {
    if (kActions[i] == action) found = static_cast<Action>(i);
  }
  if (!found.has_value()) {
    return absl::InvalidArgumentError(fmt::format("no action {}", Quote(action)));
  }
  Operation operation = {.action = *found,
                         .execution = TextOf(json, "execution"),
                         .task = TextOf(json, "task"),
                         .activity = TextOf(json, "activity"),
                         .signal = TextOf(json, "signal"),
                         .payload = TextOf(json, "payload"),
                         .id = TextOf(json, "id"),
                         .breaker = TextOf(json, "breaker")};
  if (json.contains("schedule")) operation.schedule = ScheduleOrderFrom(json["schedule"]);
  const auto priority = json.find("priority");
  if (priority != json.end() && priority->is_number_integer()) {
    const auto wanted = priority->get<int64_t>();
    if (wanted < INT32_MIN || wanted > INT32_MAX) {
      return absl::InvalidArgumentError(fmt::format("priority {} is out of range", wanted));
    }
    operation.priority = static_cast<int32_t>(wanted);
  }
  operation.compensate = IsTrue(json, "compensate");
  // Whoever does not say that it may be destroyed has not said so.
  operation.confirmed = IsTrue(json, "confirmed");
  return operation;
}

absl::StatusOr<Json> Perform(Engine& engine, const Operation& operation) {
  if (operation.action == Action::kSnapshot) return MakeSnapshot(engine);
  const bool pauses = operation.action == Action::kPause || operation.action == Action::kResume;
  if (pauses && operation.execution.empty()) return PerformGlobally(engine, operation);
  const bool on_schedule =
      operation.action >= Action::kScheduleCreate && operation.action <= Action::kScheduleRemove;
  if (on_schedule) return PerformOnSchedule(engine, operation);
  if (operation.action == Action::kBreakerReset) return ResetBreaker(engine, operation);
  STET_ASSIGN_OR_RETURN(const ExecutionSummary before, engine.Find(operation.execution));
  if (operation.action == Action::kWhy) {
    STET_ASSIGN_OR_RETURN(const WhyReport why, engine.Why(before.key));
    return WhyJson(why);
  }
  if (!operation.confirmed) {
    STET_RETURN_IF_ERROR(CheckPreview(engine, before, operation));
    return AnswerOf(operation, before);
  }
  STET_ASSIGN_OR_RETURN(const uint64_t seq, Change(engine, before.key, operation));
  // What was purged is told as it was.
  const absl::StatusOr<ExecutionSummary> after = engine.Find(PrintId(before.id));
  Json answer = AnswerOf(operation, after.ok() ? *after : before);
  answer["seq"] = seq;
  return answer;
}

}  // namespace stet::cli
