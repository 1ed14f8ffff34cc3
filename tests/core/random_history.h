// A random history: commands of all kinds, crashes, and time that passes.  The same seed gives the same.
#pragma once

#include <cstdint>
#include <functional>

#include "tests/core/random_workflow.h"
#include "tests/core/world.h"

namespace stet::core {

// What attempts record while they run, often enough of the same name.
void RecordOne(Random& random, RunRef run, World& world);

// What the workers do that have attempts under a lease; what nobody renews is lost.
void WorkElsewhere(Random& random, World& world);

// A thread here, or a worker elsewhere.
StartAttempt StartSomewhere(Random& random, RunRef run);

// Loops end early now and then.
void BreakSome(Random& random, FinishAttempt& report, const World& world);

// Stateful tasks leave a state as often as not.
void KeepSome(Random& random, FinishAttempt& report, const World& world);

// Steps through a random history; `look` sees the state after each step.
void RandomHistory(uint64_t seed, const std::function<void(const World&)>& look);

}  // namespace stet::core
