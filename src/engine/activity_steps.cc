// What an activity records while it runs.
#include <utility>

#include <absl/cleanup/cleanup.h>
#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/check_workflow.h"
#include "core/refusal.h"
#include "engine/activity_context.h"
#include "engine/codec.h"

namespace stet::engine {
namespace {

// What cannot be recorded afterwards is refused before anything is done.
absl::Status CheckStep(const Attempt& attempt, std::string_view name) {
  if (!core::IsName(name)) {
    return core::Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidName,
                        fmt::format("a step's name is 1 to {} bytes of UTF-8 without control "
                                    "characters",
                                    core::kNameBytesMax),
                        {{"name", std::string(name)}});
  }
  const size_t count = attempt.steps.size() + attempt.steps_recorded.load();
  if (count < core::kStepsMax) return absl::OkStatus();
  return core::Refuse(
      absl::StatusCode::kResourceExhausted, Reason::kTooManySteps,
      fmt::format("{} steps are there: the limit is {}", count, core::kStepsMax),
      {{"count", std::to_string(count)}, {"limit", std::to_string(core::kStepsMax)}});
}

}  // namespace

absl::Status AttemptContext::CheckGoesOn() const {
  switch (attempt_.stopped()) {
    case StopReason::kNone:
      return absl::OkStatus();
    case StopReason::kDisowned:
      return core::Refuse(
          absl::StatusCode::kAborted, Reason::kAttemptOwnershipMismatch,
          fmt::format("attempt {} of task '{}' does not own its run any more: it took too long",
                      attempt_.number, attempt_.task_name),
          {{"actual", ToString(attempt_.token)}});
    case StopReason::kCancelled:
    case StopReason::kClosing:
      break;
  }
  return absl::CancelledError(
      fmt::format("attempt {} of task '{}' was told to stop", attempt_.number, attempt_.task_name));
}

absl::StatusOr<core::PayloadView> AttemptContext::ToStore(std::string_view what,
                                                          const Payload& plain,
                                                          std::optional<Payload>& encoded) const {
  if (attempt_.codec != nullptr) {
    ASSIGN_OR_RETURN(encoded, Encode(attempt_.codec.get(), plain));
  }
  const Payload& payload = encoded ? *encoded : plain;
  const uint64_t limit = attempt_.port == nullptr ? 0 : attempt_.port->payload_bytes_max();
  if (payload.bytes.size() <= limit) return ViewOf(payload);
  return core::Refuse(
      absl::StatusCode::kResourceExhausted, Reason::kTooLarge,
      fmt::format("{} of {} bytes: the limit is {}", what, payload.bytes.size(), limit),
      {{"what", std::string(what)},
       {"bytes", std::to_string(payload.bytes.size())},
       {"limit", std::to_string(limit)}});
}

absl::Status AttemptContext::Record(const core::Command& command) {
  if (attempt_.port != nullptr) return attempt_.port->Record(command);
  return core::Refuse(absl::StatusCode::kFailedPrecondition, Reason::kClosed,
                      "the attempt belongs to no engine");
}

absl::StatusOr<Payload> AttemptContext::Step(std::string_view name, const StepFunction& step) {
  RETURN_IF_ERROR(CheckStep(attempt_, name));
  const uint32_t occurrence = attempt_.TakeOccurrence(name);
  const SharedPayload* recorded = attempt_.steps.Find({.name = name, .occurrence = occurrence});
  if (recorded != nullptr) return Decode(attempt_.codec.get(), **recorded);
  // Also when it throws.
  absl::Cleanup give_back = [&] { attempt_.GiveBackOccurrence(name, occurrence); };
  absl::StatusOr<Payload> result = DoStep(name, occurrence, step);
  if (result.ok()) std::move(give_back).Cancel();
  return result;
}

absl::StatusOr<Payload> AttemptContext::DoStep(std::string_view name, uint32_t occurrence,
                                               const StepFunction& step) {
  RETURN_IF_ERROR(CheckGoesOn());
  ASSIGN_OR_RETURN(Payload result,
                   step(fmt::format("{}/{}/{}", idempotency_key(), name, occurrence)));
  std::optional<Payload> encoded;
  ASSIGN_OR_RETURN(const core::PayloadView stored, ToStore("step's result", result, encoded));
  RETURN_IF_ERROR(Record(core::RecordStep{.run = attempt_.run,
                                          .token = attempt_.token,
                                          .name = name,
                                          .occurrence = occurrence,
                                          .result = stored}));
  ++attempt_.steps_recorded;
  return result;
}

absl::Status AttemptContext::Checkpoint(const Payload& checkpoint) {
  std::optional<Payload> encoded;
  ASSIGN_OR_RETURN(const core::PayloadView stored, ToStore("checkpoint", checkpoint, encoded));
  return Record(
      core::RecordCheckpoint{.run = attempt_.run, .token = attempt_.token, .checkpoint = stored});
}

std::optional<Payload> AttemptContext::checkpoint() const {
  if (attempt_.checkpoint == nullptr) return std::nullopt;
  return *attempt_.checkpoint;
}

std::optional<Payload> AttemptContext::signal() const {
  if (attempt_.signal == nullptr) return std::nullopt;
  return *attempt_.signal;
}

absl::Status AttemptContext::SetState(Payload state) {
  if (core::KindOf(attempt_.extra) != TaskKind::kStateful) {
    return absl::FailedPreconditionError(fmt::format(
        "task '{}' keeps no state; give it .kind = stet::StatefulTask{{}}", attempt_.task_name));
  }
  std::optional<Payload> encoded;
  RETURN_IF_ERROR(ToStore("state", state, encoded).status());
  attempt_.SaveState(encoded ? *std::move(encoded) : std::move(state));
  return absl::OkStatus();
}

std::optional<Payload> AttemptContext::state() const {
  if (attempt_.state == nullptr) return std::nullopt;
  return *attempt_.state;
}

absl::Status AttemptContext::Heartbeat() {
  RETURN_IF_ERROR(CheckGoesOn());
  attempt_.Beat();
  return absl::OkStatus();
}

absl::Status AttemptContext::SetMetadata(std::string_view key, std::string_view value) {
  return Record(
      core::SetMetadata{.run = attempt_.run, .token = attempt_.token, .key = key, .value = value});
}

}  // namespace stet::engine
