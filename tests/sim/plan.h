// What one seed stands for: a log's options, what is wrong with its disk, and how its writers live and die.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "stet/wal/options.h"
#include "tests/sim/sim_faults.h"

namespace stet::wal {

// How a writer ends, if no error ends it before.
enum class Ending : uint8_t { kClose, kKill, kPowerCut };

// One opening of the log.
struct LifePlan {
  Ending ending = Ending::kClose;
  SimFaults faults = {};  // with die_at_call for a power cut
  SimOrder order = SimOrder::kFifo;
  int steps = 0;
};

struct SwarmPlan {
  Options options = {};
  uint64_t payload_bytes_max = 0;
  uint64_t group_max = 1;  // records
  int lives = 1;
  // Chances that a life has this kind of trouble: each seed has some kinds and not others.
  double errors = 0;
  double full_disk = 0;
  double medium = 0;         // once in a seed at most
  bool strengthens = false;  // some groups ask for more than the log gives
  bool short_writes = false;
  bool busy = false;
  bool clock_jumps = false;
  bool any_names = false;
  FlushFailure flush_failure = FlushFailure::kStillDirty;
  bool retires = false;  // snapshots are taken, and what lies before them is given up
};

SwarmPlan DrawPlan(uint64_t seed);
LifePlan DrawLife(const SwarmPlan& plan, std::mt19937_64* random);

std::string ToString(const SwarmPlan& plan);
std::string ToString(const LifePlan& life);

}  // namespace stet::wal
