// One seed: a log lives through writers, crashes and faults, and everything that it says is held against its history.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/status.h>

namespace stet::wal {

struct SwarmResult {
  absl::Status status = {};  // what was broken; OK if nothing
  // What happened, for the reader of a failure.
  std::vector<std::string> story = {};
  // How much was looked at.
  uint64_t recoveries = 0;
  uint64_t crashes = 0;
  uint64_t damages = 0;
  uint64_t refusals = 0;
  uint64_t records = 0;
};

// Deterministic.  With `tell`, `story` holds every call of the storage.
SwarmResult RunSeed(uint64_t seed, bool tell);

}  // namespace stet::wal
