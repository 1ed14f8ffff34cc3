// What an activity's result means for its attempt.
#pragma once

#include <cstdint>
#include <string>

#include "core/command.h"
#include "engine/attempt.h"

namespace stet::engine {

struct Outcome {
  schema::AttemptOutcome outcome = schema::AttemptOutcome::Success;
  core::PayloadView output = {};  // points into the attempt
  std::string error = {};
  bool retryable = true;
  schema::Branch branch = schema::Branch::None;  // of a conditional task's success
};

// `output_bytes_max`: a larger output is a failure that no retry mends.
Outcome OutcomeOf(const Attempt& attempt, uint64_t output_bytes_max);

}  // namespace stet::engine
