// Reasons: their names, and how they travel inside a Status.
//
// The payload is a row of netstrings ("4:task"): the reason's name, then name and value of each field.
#include "stet/reason.h"

#include <charconv>
#include <optional>

#include <absl/strings/cord.h>
#include <fmt/format.h>

#include "core/refusal.h"

namespace stet {
namespace {

constexpr char kPayloadType[] = "stet/reason";

// In the order of the enumeration.
constexpr std::string_view kNames[] = {
    "none",
    "empty_workflow",
    "duplicate_task",
    "self_dependency",
    "missing_dependency",
    "cycle",
    "too_many_tasks",
    "too_many_edges",
    "invalid_policy",
    "invalid_name",
    "too_large",
    "unknown_workflow",
    "invalid_key",
    "definition_differs",
    "input_differs",
    "too_many_executions",
    "unknown_execution",
    "execution_ended",
    "already_cancelled",
    "unknown_task",
    "invalid_run_id",
    "invalid_task_id",
    "ready_scheduled_at_after_created_at",
    "invalid_transition",
    "attempt_in_progress",
    "attempt_start_requires_running",
    "attempt_finish_requires_running",
    "attempt_already_active",
    "attempt_ownership_mismatch",
    "no_active_attempt",
    "attempt_count_overflow",
    "priority_mutation_requires_ready",
    "invalid_outcome",
    "not_ready",
    "not_due",
    "nothing_to_continue",
    "invalid_run",
    "step_recorded",
    "too_many_steps",
    "too_much_metadata",
    "key_held",
    "breaker_open",
    "invalid_lease",
    "lease_mismatch",
    "epoch_not_newer",
    "closed",
    "locked",
    "wrong_thread",
    "would_block",
    "paused",
    "already_paused",
    "not_paused",
    "too_many_pauses",
    "not_ended",
    "expired",
    "unknown_dead_letter",
    "unknown_breaker",
    "nothing_to_retry",
    "work_pending",
    "too_many_signals",
    "not_delayed",
    "invalid_schedule",
    "schedule_exists",
    "unknown_schedule",
    "too_many_schedules",
    "too_many_occurrences",
    "finishing",
    "compensated",
};
static_assert(std::size(kNames) == static_cast<size_t>(Reason::kCompensated) + 1);

void AppendString(std::string& out, std::string_view text) {
  out += fmt::format("{}:", text.size());
  out += text;
}

// Takes a netstring off the front of `in`.
std::optional<std::string_view> TakeString(std::string_view& in) {
  size_t size = 0;
  const auto [end, error] = std::from_chars(in.data(), in.data() + in.size(), size);
  if (error != std::errc() || end == in.data() + in.size() || *end != ':') return std::nullopt;
  in.remove_prefix(static_cast<size_t>(end - in.data()) + 1);
  if (size > in.size()) return std::nullopt;
  const std::string_view text = in.substr(0, size);
  in.remove_prefix(size);
  return text;
}

std::string PayloadOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadType);
  return payload ? std::string(*payload) : std::string();
}

}  // namespace

std::string_view ToString(Reason reason) {
  const auto index = static_cast<size_t>(reason);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

Reason ReasonOf(const absl::Status& status) {
  const std::string payload = PayloadOf(status);
  std::string_view rest = payload;
  const auto name = TakeString(rest);
  for (size_t i = 0; name && i < std::size(kNames); ++i) {
    if (kNames[i] == *name) return static_cast<Reason>(i);
  }
  return Reason::kNone;
}

std::map<std::string, std::string> ReasonFields(const absl::Status& status) {
  const std::string payload = PayloadOf(status);
  std::string_view rest = payload;
  std::map<std::string, std::string> fields;
  TakeString(rest);
  while (const auto name = TakeString(rest)) {
    const auto value = TakeString(rest);
    if (!value) break;
    fields.emplace(*name, *value);
  }
  return fields;
}

std::string ReasonField(const absl::Status& status, std::string_view name) {
  for (const auto& [key, value] : ReasonFields(status)) {
    if (key == name) return value;
  }
  return {};
}

namespace core {

absl::Status Refuse(absl::StatusCode code, Reason reason, const std::string& message,
                    std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  absl::Status status(code, message);
  std::string payload;
  AppendString(payload, ToString(reason));
  for (const auto& [name, value] : fields) {
    AppendString(payload, name);
    AppendString(payload, value);
  }
  status.SetPayload(kPayloadType, absl::Cord(payload));
  return status;
}

}  // namespace core
}  // namespace stet
