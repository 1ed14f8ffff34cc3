// Random workflows and random numbers for property tests.  The same seed gives the same on every machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/breakers.h"
#include "stet/workflow.h"

namespace stet::core {

// splitmix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(Next() % n); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

// STET_SEED if it is set, else `fallback`.
uint64_t SeedOr(uint64_t fallback);

// A task that needs no worker.
void MakeWait(Random& random, Task& task);

// Of an activity and of a group, or none.
BreakerPolicies RandomBreakers(Random& random);

Task RandomTask(Random& random, uint32_t index);

// Edges lead from any task to any that comes later in a shuffled order; some are named twice.  Some tasks that
// were drawn plain clean up, some choose between those that depend on them.
using DrawTask = std::function<Task(Random& random, uint32_t index)>;
Workflow RandomGraph(Random& random, std::string name, uint32_t tasks, const DrawTask& draw);

// Some activities run several times, some keep a state or run for each item of the input's "items"; some that
// wait for a signal handle it.
void AddRuns(Random& random, Workflow& workflow);

Workflow RandomWorkflow(Random& random, uint32_t tasks_max);

}  // namespace stet::core
