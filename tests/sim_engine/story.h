// One seed: a directory lives through engines, crashes, faults and operators, and all of it is held to its promises.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/status.h>

namespace stet::sim {

struct StoryResult {
  absl::Status status = {};  // what was broken; OK if nothing
  // What happened, for the reader of a failure.
  std::vector<std::string> lines = {};
  // How much was looked at.
  uint64_t lives = 0;
  uint64_t power_cuts = 0;
  uint64_t events = 0;
  uint64_t executions = 0;
  uint64_t attempts = 0;
  uint32_t steps = 0;        // done before the end, or before it broke
  uint64_t fingerprint = 0;  // of all events
};

// Deterministic.  At most `steps_max` steps before the last life.  With `tell`, `lines` holds all that
// was done; with `calls`, every call of the storage, too.
StoryResult RunStory(uint64_t seed, uint32_t steps_max, bool tell, bool calls);

}  // namespace stet::sim
