// What the engine itself runs for tasks that name no activity.
#pragma once

#include "stet/activity.h"

namespace stet::engine {

// Decides the condition of a conditional task: its output is true or false.  Errors:
// FailedPrecondition when the output that it asks about is no JSON.
const Activity& EngineActivity();

}  // namespace stet::engine
