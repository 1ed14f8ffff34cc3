// What must be done for a state, computed from nothing but the state: after replay it takes the
// place of the effects of the dead process.
#pragma once

#include "core/effect.h"
#include "core/state.h"

namespace stet::core {

// In the order of executions and tasks.  At the end of each group it equals what Apply asked for
// and what is not done yet.
Effects Outstanding(const State& state);

// Whether work of the execution (0: attempts of dead epochs) was cut and waits for Continue.
bool HasBacklog(const State& state, uint64_t execution);
bool HasBacklog(const Execution& execution);

}  // namespace stet::core
