// When an effect is done, as effect.h defines it: what the state alone tells.
#pragma once

#include "core/effect.h"
#include "core/state.h"

namespace stet::core {

bool IsDone(const State& state, const Effect& effect);

}  // namespace stet::core
