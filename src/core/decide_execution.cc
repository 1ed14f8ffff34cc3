// Starting, cancelling and continuing executions.
#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/concurrency_key.h"
#include "core/deciders.h"
#include "core/editor.h"
#include "core/group.h"
#include "core/outstanding.h"
#include "core/payload_ref.h"
#include "core/refusal.h"
#include "core/run_policy.h"

namespace stet::core {
namespace {

using schema::EventType;

// The key is taken: fine if it stands for the same.
absl::Status CheckSame(const Execution& existing, const StartExecution& command) {
  const std::string key(command.key);
  const WorkflowHash& pinned = existing.definition->hash();
  if (pinned != command.workflow) {
    return Refuse(
        absl::StatusCode::kAlreadyExists, Reason::kDefinitionDiffers,
        fmt::format("'{}' was started with definition {}, this is {}", key, ToString(pinned),
                    ToString(command.workflow)),
        {{"key", key}, {"expected", ToString(pinned)}, {"actual", ToString(command.workflow)}});
  }
  if (existing.input.bytes != command.input.bytes.size() ||
      existing.input.digest != PayloadDigest(command.input.bytes, command.input.content_type)) {
    return Refuse(absl::StatusCode::kAlreadyExists, Reason::kInputDiffers,
                  fmt::format("'{}' was started with another input", key), {{"key", key}});
  }
  return absl::OkStatus();
}

absl::Status CheckNotExpired(const State& state, std::string_view key, int64_t now) {
  const Tombstone* tombstone = state.tombstones().Find(HashOfKey(key));
  if (tombstone == nullptr || tombstone->forget_at <= now) return absl::OkStatus();
  return Refuse(
      absl::StatusCode::kAlreadyExists, Reason::kExpired,
      fmt::format("'{}' {} and was purged; the key is free again at {}", key,
                  ToString(tombstone->outcome),
                  absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(tombstone->forget_at),
                                   absl::UTCTimeZone())),
      {{"key", std::string(key)}, {"outcome", std::string(ToString(tombstone->outcome))}});
}

}  // namespace

absl::Status DecideOn(const State& state, const StartExecution& command, int64_t now,
                      EventBuffer& out) {
  if (!IsName(command.key)) {
    return Refuse(
        absl::StatusCode::kInvalidArgument, Reason::kInvalidKey,
        fmt::format("a key is 1 to {} bytes of UTF-8 without control characters", kNameBytesMax),
        {{"key", std::string(command.key)}});
  }
  if (const Execution* existing = state.FindExecutionByKey(command.key)) {
    return CheckSame(*existing, command);
  }
  RETURN_IF_ERROR(CheckNotExpired(state, command.key, now));
  const Definition* definition = state.FindDefinition(command.workflow);
  if (definition == nullptr) {
    return Refuse(absl::StatusCode::kNotFound, Reason::kUnknownWorkflow,
                  fmt::format("no definition {} is stored", ToString(command.workflow)),
                  {{"workflow", ToString(command.workflow)}});
  }
  RETURN_IF_ERROR(CheckPayload("input", command.input));
  ASSIGN_OR_RETURN(const std::vector<std::string> keys,
                   ResolveKeys(*definition, command.key, command.input.text()));

  const uint64_t id = out.next_seq();
  const bool delayed = command.start_at > now;
  out.Add(id, EventType::ExecutionStarted,
          out.pack().ExecutionStarted({.hash_high = command.workflow.high,
                                       .hash_low = command.workflow.low,
                                       .time = now,
                                       .key = command.key,
                                       .input = command.input.bytes,
                                       .content_type = command.input.content_type,
                                       .start_at = delayed ? command.start_at : 0,
                                       .keys = keys}));
  if (!delayed) AddRoots(*definition, id, now, out);
  return absl::OkStatus();
}

void AddRoots(const Definition& definition, uint64_t id, int64_t now, EventBuffer& out) {
  std::vector<uint32_t>& roots = out.picks();
  roots.clear();
  bool more = false;
  for (uint32_t task = 0; task < definition.size() && !more; ++task) {
    if (!definition.parents(task).empty()) continue;
    if (definition.has_spared() && definition.is_closing(task)) continue;
    if (definition.has_cron() && RunsByCron(definition, task)) {
      more = true;
      break;
    }
    more = roots.size() == out.options().part_tasks;
    if (!more) roots.push_back(task);
  }
  if (roots.empty()) return;
  out.Add(id, EventType::TasksReady,
          out.pack().TasksReady({.time = now, .cause = id, .tasks = roots, .more = more}));
}

absl::Status DecideOn(const State& state, const RequestCancel& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, command.execution));
  RETURN_IF_ERROR(CheckRunning(*execution));
  RETURN_IF_ERROR(CheckNotFinishing(*execution));
  if (execution->cancel_requested) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kAlreadyCancelled,
                  fmt::format("'{}' is being cancelled already", execution->key),
                  {{"execution", IdText(execution->id)}});
  }
  const uint64_t cause = out.next_seq();
  out.Add(execution->id, EventType::CancelRequested,
          out.pack().CancelRequested(now, command.compensate));
  Group group(*execution, now, out);
  group.AddCancelled(0, cause);
  group.EndIfDone();
  return absl::OkStatus();
}

namespace {

// An attempt of a dead epoch: nobody will report on it.
void FinishLost(const Execution& execution, uint32_t task, int64_t now, Group& group) {
  const schema::AttemptOutcome outcome = schema::AttemptOutcome::Lost;
  const NextStep step = DecideNextStep(execution, task, outcome, true, now);
  const std::string error = fmt::format("the process of epoch {} ended while the attempt ran",
                                        execution.tasks[task].epoch);
  group.Finish(task, outcome, step, {}, schema::kDefaultContentType, error);
}

// The next part of them.  The skip cascades that follow are left to Continue of each execution.
void DecideLost(const State& state, int64_t now, EventBuffer& out) {
  const LostCursor& cursor = state.lost_cursor();
  uint32_t room = out.options().part_tasks;
  uint32_t task = cursor.task;
  for (size_t i = cursor.execution; i < state.executions().size() && room > 0; ++i, task = 0) {
    const Execution& execution = *state.executions()[i];
    uint32_t left = execution.count(TaskState::kRunning);
    if (left == 0) continue;
    Group group(execution, now, out);
    const auto tasks = static_cast<uint32_t>(execution.tasks.size());
    bool any = false;
    for (; task < tasks && left > 0 && room > 0; ++task) {
      if (execution.tasks[task].state != TaskState::kRunning) continue;
      --left;
      if (!IsLost(execution, task, state.epoch())) continue;
      --room;
      FinishLost(execution, task, now, group);
      any = true;
    }
    if (any) group.EndIfDone();
  }
}

}  // namespace

absl::Status DecideOn(const State& state, const Continue& command, int64_t now, EventBuffer& out) {
  if (!HasBacklog(state, command.execution)) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kNothingToContinue,
                  fmt::format("nothing waits to be continued in {:016x}", command.execution),
                  {{"execution", IdText(command.execution)}});
  }
  if (command.execution == 0) {
    DecideLost(state, now, out);
    return absl::OkStatus();
  }
  const Execution& execution = *state.FindExecution(command.execution);
  Group group(execution, now, out);
  if (execution.cancelling()) {
    group.AddCancelled(execution.cancel_next, execution.seq);
  } else if (!group.AddScheduled()) {
    group.AddReady(kNoTask, execution.seq);
    group.AddSkipped(kNoTask, execution.seq);
    group.AddUntaken(execution.seq);
  }
  group.EndIfDone();
  return absl::OkStatus();
}

}  // namespace stet::core
