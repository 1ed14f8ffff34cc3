// What the activity of a task does: a function of seed, execution, task and attempt, whenever it is asked.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/definition.h"
#include "stet/activity.h"

namespace stet::sim {

struct Script {
  enum class Ending : uint8_t {
    kSucceeds,
    kRecovers,  // fails `failures` attempts of a run, then succeeds
    kFails,     // each time
    kThrows,    // each time
    kRefuses,   // with an error that is not retried
  };
  Ending ending = Ending::kSucceeds;
  uint32_t failures = 0;
};

Script ScriptOf(uint64_t seed, std::string_view key, std::string_view task);
absl::StatusOr<Payload> Perform(const Script& script, const ActivityContext& context);
// What a success puts out.
Payload OutputOf(const Script& script, std::string_view key, std::string_view config,
                 uint32_t attempt);

// How a task that was allowed to start can end, if nobody cancels it.
struct Possible {
  bool completes = false;
  bool fails = false;
};

// `crashes`: how many processes or workers may have died while it ran.
Possible PossibleOf(const Script& script, const core::Definition& definition, uint32_t task,
                    uint32_t crashes);

// The attempt that made such an output; 0 for any other.
uint32_t AttemptIn(std::string_view output);

}  // namespace stet::sim
