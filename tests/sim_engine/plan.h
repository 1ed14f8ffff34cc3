// What one seed stands for: workflows, limits, a log's options, and how its engines live and die.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stet/engine.h"
#include "tests/core/random_workflow.h"
#include "tests/sim/sim_faults.h"

namespace stet::sim {

using core::Random;

// How an engine ends, if nothing ends it before.
enum class Ending : uint8_t { kClose, kKill, kPowerCut };

// One opening of the directory.
struct LifePlan {
  Ending ending = Ending::kClose;
  wal::SimFaults faults = {};  // with die_at_call for a power cut
  wal::SimOrder order = wal::SimOrder::kFifo;
  uint32_t steps = 0;
  bool full_disk = false;
  std::string missing = {};  // an activity that this process does not have
};

struct EnginePlan {
  uint64_t seed = 0;
  // All but storage, clock, executor and activities.
  EngineOptions options = {};
  uint32_t lives = 1;
  // Chances in a hundred that a life has this kind of trouble: each seed has some kinds and not others.
  uint32_t errors = 0;
  uint32_t full_disk = 0;
  uint32_t missing = 0;
  bool busy = false;
  bool short_writes = false;
  bool clock_jumps = false;
  bool any_names = false;
  wal::FlushFailure flush_failure = wal::FlushFailure::kStillDirty;
  bool operators = true;
  bool remote = false;  // workers elsewhere
};

// The activities that workflows name.
inline constexpr const char* kActivities[] = {"a0", "a1", "a2"};
// The signals that they wait for.
inline constexpr const char* kSignals[] = {"s0", "s1"};

// The config of tasks whose activity chooses a branch.
inline constexpr char kChoiceConfig[] = "choice";

EnginePlan DrawPlan(uint64_t seed);
LifePlan DrawLife(const EnginePlan& plan, Random& random);

std::string ToString(const EnginePlan& plan);
std::string ToString(const LifePlan& life);

}  // namespace stet::sim
