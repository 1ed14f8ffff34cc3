// What an activity's result means for its attempt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/command.h"
#include "engine/attempt.h"
#include "stet/payload.h"

namespace stet::engine {

struct Outcome {
  schema::AttemptOutcome outcome = schema::AttemptOutcome::Success;
  core::PayloadView output = {};                   // points into the attempt
  std::optional<Payload> composed = std::nullopt;  // what is stored in place of `output`
  std::optional<Payload> state = std::nullopt;     // what a success leaves, as it is stored
  std::string error = {};
  bool retryable = true;
  schema::Branch branch = schema::Branch::None;  // of a conditional task's success
  bool last = false;                             // of a loop's success: no iteration follows
};

// `output_bytes_max`: a larger output is a failure that no retry mends.  `ends`: a loop goes no further, whatever it says.
Outcome OutcomeOf(const Attempt& attempt, uint64_t output_bytes_max, bool ends = false);

// The report that says so.  Points into both.
core::FinishAttempt ReportOf(const Attempt& attempt, const Outcome& outcome);

}  // namespace stet::engine
