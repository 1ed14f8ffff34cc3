// Reads an activity's result.
#include "engine/outcome.h"

#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "core/payload_ref.h"
#include "schema/json_value.h"

namespace stet::engine {
namespace {

constexpr size_t kErrorBytesMax = 4096;

// Trying again cannot help: the input is wrong, the code is missing, the world is not ready for it.
bool Retryable(absl::StatusCode code) {
  return code != absl::StatusCode::kInvalidArgument && code != absl::StatusCode::kUnimplemented &&
         code != absl::StatusCode::kFailedPrecondition;
}

schema::AttemptOutcome Classify(const Attempt& attempt) {
  if (attempt.result.ok()) return schema::AttemptOutcome::Success;
  if (absl::IsCancelled(attempt.result.status())) {
    switch (attempt.stopped()) {
      case StopReason::kClosing:
        return schema::AttemptOutcome::Interrupted;
      case StopReason::kCancelled:
        return schema::AttemptOutcome::Cancelled;
      case StopReason::kDisowned:
      case StopReason::kNone:
        break;
    }
  }
  return schema::AttemptOutcome::Failure;
}

std::string Shortened(std::string text) {
  if (text.size() > kErrorBytesMax) {
    const size_t bytes = text.size();
    text.resize(kErrorBytesMax);
    // Not in the middle of a character.
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) {
      text.pop_back();
    }
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
    text += fmt::format("... ({} bytes)", bytes);
  }
  return text;
}

// A conditional task's output names the branch that its predicate chose.
void Choose(const Attempt& attempt, Outcome& outcome) {
  const std::optional<bool> taken = schema::ReadBool(attempt.result->bytes);
  if (!taken) {
    outcome.outcome = schema::AttemptOutcome::Failure;
    outcome.output = {};
    outcome.error = "a predicate's output must be true or false";
    return;
  }
  outcome.branch = *taken ? schema::Branch::Then : schema::Branch::Otherwise;
  outcome.output = {.bytes = *taken ? R"({"taken":true,"branch":"then"})"
                                    : R"({"taken":false,"branch":"otherwise"})"};
}

}  // namespace

Outcome OutcomeOf(const Attempt& attempt, uint64_t output_bytes_max) {
  Outcome outcome{.outcome = Classify(attempt)};
  if (!attempt.result.ok()) {
    outcome.error = Shortened(attempt.result.status().ToString());
    const absl::StatusCode code = attempt.result.status().code();
    outcome.retryable = Retryable(code) && !attempt.non_retryable.Has(code);
    return outcome;
  }
  const Payload& output = attempt.stored ? *attempt.stored : *attempt.result;
  if (output.bytes.size() > output_bytes_max) {
    outcome.outcome = schema::AttemptOutcome::Failure;
    outcome.error = fmt::format("output of {} bytes is over the limit of {}", output.bytes.size(),
                                output_bytes_max);
    outcome.retryable = false;
    return outcome;
  }
  if (output.content_type.size() > core::kContentTypeBytesMax) {
    outcome.outcome = schema::AttemptOutcome::Failure;
    outcome.error = fmt::format("content type of {} bytes is over the limit of {}",
                                output.content_type.size(), core::kContentTypeBytesMax);
    outcome.retryable = false;
    return outcome;
  }
  outcome.output = {.bytes = output.bytes, .content_type = output.content_type};
  if (core::KindOf(attempt.extra) == TaskKind::kConditional) Choose(attempt, outcome);
  return outcome;
}

}  // namespace stet::engine
