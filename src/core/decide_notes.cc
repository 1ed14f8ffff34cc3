// What attempts record while they run: steps, checkpoints, metadata.
#include <string>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/deciders.h"
#include "core/refusal.h"
#include "schema/utf8.h"

namespace stet::core {
namespace {

using schema::EventType;

absl::StatusOr<const Execution*> FindForReport(const State& state, const RunRef& run,
                                               const Token& token) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForCommand(state, run));
  RETURN_IF_ERROR(CheckOwner(*execution, run.task, token));
  RETURN_IF_ERROR(CheckWorker(*execution, run.task));
  return execution;
}

absl::Status CheckName(std::string_view what, std::string_view name) {
  if (IsName(name)) return absl::OkStatus();
  return Refuse(
      absl::StatusCode::kInvalidArgument, Reason::kInvalidName,
      fmt::format("a {} is 1 to {} bytes of UTF-8 without control characters", what, kNameBytesMax),
      {{"name", std::string(name)}});
}

absl::Status CheckCount(Reason reason, std::string_view what, size_t count, size_t limit) {
  if (count < limit) return absl::OkStatus();
  return Refuse(absl::StatusCode::kResourceExhausted, reason,
                fmt::format("{} {} are there: the limit is {}", count, what, limit),
                {{"count", std::to_string(count)}, {"limit", std::to_string(limit)}});
}

absl::Status CheckValue(std::string_view key, std::string_view value) {
  if (value.size() > kMetadataValueBytesMax) {
    return Refuse(absl::StatusCode::kResourceExhausted, Reason::kTooLarge,
                  fmt::format("metadata '{}' of {} bytes: the limit is {}", key, value.size(),
                              kMetadataValueBytesMax),
                  {{"what", "metadata"},
                   {"bytes", std::to_string(value.size())},
                   {"limit", std::to_string(kMetadataValueBytesMax)}});
  }
  if (schema::IsUtf8(value)) return absl::OkStatus();
  return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidName,
                fmt::format("the value of metadata '{}' is not UTF-8", key),
                {{"name", std::string(key)}});
}

}  // namespace

absl::Status DecideOn(const State& state, const RecordStep& command, int64_t now,
                      EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* execution, FindForReport(state, command.run, command.token));
  RETURN_IF_ERROR(CheckName("step's name", command.name));
  if (command.occurrence == 0) {
    return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidName,
                  fmt::format("step '{}': occurrences count from 1", command.name),
                  {{"name", std::string(command.name)}});
  }
  RETURN_IF_ERROR(CheckPayload("step's result", command.result));
  if (const RunNotes* notes = execution->notes.Find(task)) {
    const StepKeyView key = {.name = command.name, .occurrence = command.occurrence};
    if (notes->steps.Find(key) != nullptr) {
      return Refuse(absl::StatusCode::kAlreadyExists, Reason::kStepRecorded,
                    fmt::format("step '{}', {}, of task '{}' has a result already", command.name,
                                command.occurrence, execution->definition->task_name(task)),
                    {{"step", std::string(command.name)},
                     {"occurrence", std::to_string(command.occurrence)}});
    }
    RETURN_IF_ERROR(CheckCount(Reason::kTooManySteps, "steps", notes->steps.size(), kStepsMax));
  }
  out.Add(execution->id, EventType::StepRecorded,
          out.pack().StepRecorded({.time = now,
                                   .attempt_seq = command.token.seq,
                                   .name = command.name,
                                   .result = command.result.bytes,
                                   .content_type = command.result.content_type,
                                   .task = task,
                                   .occurrence = command.occurrence}));
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const RecordCheckpoint& command, int64_t now,
                      EventBuffer& out) {
  ASSIGN_OR_RETURN(const Execution* execution, FindForReport(state, command.run, command.token));
  RETURN_IF_ERROR(CheckPayload("checkpoint", command.checkpoint));
  out.Add(execution->id, EventType::CheckpointRecorded,
          out.pack().CheckpointRecorded({.time = now,
                                         .attempt_seq = command.token.seq,
                                         .checkpoint = command.checkpoint.bytes,
                                         .content_type = command.checkpoint.content_type,
                                         .task = command.run.task}));
  return absl::OkStatus();
}

absl::Status DecideOn(const State& state, const SetMetadata& command, int64_t now,
                      EventBuffer& out) {
  const uint32_t task = command.run.task;
  ASSIGN_OR_RETURN(const Execution* execution, FindForReport(state, command.run, command.token));
  RETURN_IF_ERROR(CheckName("key of metadata", command.key));
  RETURN_IF_ERROR(CheckValue(command.key, command.value));
  if (const RunNotes* notes = execution->notes.Find(task)) {
    const auto at = notes->metadata.find(command.key);
    if (at != notes->metadata.end() && at->second == command.value) return absl::OkStatus();
    if (at == notes->metadata.end()) {
      RETURN_IF_ERROR(CheckCount(Reason::kTooMuchMetadata, "entries of metadata",
                                 notes->metadata.size(), kMetadataMax));
    }
  }
  out.Add(execution->id, EventType::MetadataSet,
          out.pack().MetadataSet({.time = now,
                                  .attempt_seq = command.token.seq,
                                  .key = command.key,
                                  .value = command.value,
                                  .task = task}));
  return absl::OkStatus();
}

}  // namespace stet::core
