// Reads an activity's result.
#include "engine/outcome.h"

#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "core/payload_ref.h"
#include "engine/codec.h"
#include "engine/result.h"
#include "schema/json.h"
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

// What it said cannot be taken.
void Reject(Outcome& outcome, std::string error, bool retryable = false) {
  outcome = {.outcome = schema::AttemptOutcome::Failure,
             .error = std::move(error),
             .retryable = retryable};
}

bool RejectTooLarge(std::string_view what, const Payload& stored, uint64_t bytes_max,
                    Outcome& outcome) {
  const size_t bytes = stored.bytes.size();
  if (bytes <= bytes_max) return false;
  Reject(outcome, fmt::format("{} of {} bytes is over the limit of {}", what, bytes, bytes_max));
  return true;
}

// A conditional task's output names the branch that its predicate chose.
void Choose(const Attempt& attempt, Outcome& outcome) {
  const std::optional<bool> taken = schema::ReadBool(attempt.result->bytes);
  if (!taken) {
    Reject(outcome, "a predicate's output must be true or false", true);
    return;
  }
  outcome.branch = *taken ? schema::Branch::Then : schema::Branch::Otherwise;
  outcome.output = {.bytes = *taken ? R"({"taken":true,"branch":"then"})"
                                    : R"({"taken":false,"branch":"otherwise"})"};
}

// Whether a loop ends with this iteration; then its output is about all of them.
void Iterate(const Attempt& attempt, uint64_t bytes_max, bool ends, Outcome& outcome) {
  const core::TaskExtra& extra = *attempt.extra;
  bool breaks = false;
  if (extra.op != fb::CompareOp::None) {
    const absl::StatusOr<bool> holds =
        schema::Holds(attempt.result->bytes, extra.value_pointer, extra.op, extra.operand);
    if (!holds.ok()) {
      Reject(outcome, fmt::format("break_when: {}", std::string(holds.status().message())));
      return;
    }
    breaks = *holds;
  }
  outcome.last = breaks || ends || attempt.nth_run >= extra.iterations_max;
  if (!outcome.last) return;
  schema::JsonObject object;
  object.Unsigned("iterations", attempt.nth_run)
      .Raw("last", JsonOf(*attempt.result))
      .Bool("broke_early", breaks);
  absl::StatusOr<Payload> stored = Encode(attempt.codec.get(), Payload(std::move(object).Finish()));
  if (!stored.ok()) {
    Reject(outcome, Shortened(stored.status().ToString()), Retryable(stored.status().code()));
    return;
  }
  if (RejectTooLarge("the loop's output", *stored, bytes_max, outcome)) return;
  outcome.composed = *std::move(stored);
}

}  // namespace

Outcome OutcomeOf(const Attempt& attempt, uint64_t output_bytes_max, bool ends) {
  Outcome outcome{.outcome = Classify(attempt)};
  if (!attempt.result.ok()) {
    outcome.error = Shortened(attempt.result.status().ToString());
    const absl::StatusCode code = attempt.result.status().code();
    outcome.retryable = Retryable(code) && !attempt.non_retryable.Has(code);
    return outcome;
  }
  const Payload& output = attempt.stored ? *attempt.stored : *attempt.result;
  if (RejectTooLarge("output", output, output_bytes_max, outcome)) return outcome;
  if (output.content_type.size() > core::kContentTypeBytesMax) {
    Reject(outcome, fmt::format("content type of {} bytes is over the limit of {}",
                                output.content_type.size(), core::kContentTypeBytesMax));
    return outcome;
  }
  outcome.output = ViewOf(output);
  outcome.state = attempt.saved_state();
  if (core::KindOf(attempt.extra) == TaskKind::kConditional) Choose(attempt, outcome);
  if (core::KindOf(attempt.extra) == TaskKind::kLoop) {
    Iterate(attempt, output_bytes_max, ends, outcome);
  }
  return outcome;
}

core::FinishAttempt ReportOf(const Attempt& attempt, const Outcome& outcome) {
  core::FinishAttempt report{.run = attempt.run,
                             .token = attempt.token,
                             .outcome = outcome.outcome,
                             .output = outcome.output,
                             .error = outcome.error,
                             .retryable = outcome.retryable,
                             .branch = outcome.branch,
                             .last = outcome.last};
  if (outcome.composed) report.output = ViewOf(*outcome.composed);
  if (outcome.state) report.state = ViewOf(*outcome.state);
  return report;
}

}  // namespace stet::engine
