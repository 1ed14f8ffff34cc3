// Command in, events out.  Pure: the same state, command and time give the same bytes.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "core/command.h"
#include "core/event_buffer.h"
#include "core/state.h"

namespace stet::core {

// Writes to `out` the group of events that `command` causes at engine time `now` (never before
// state.time(): it is clamped). The k-th event has seq state.seq() + 1 + k.  An empty group is a
// success that changes nothing.
//
// A refusal carries a Reason, writes nothing and changes nothing.  Whatever is written, Apply
// accepts.
absl::Status Decide(const State& state, const Command& command, absl::Time now, EventBuffer& out);

// What is wrong with a schedule whatever the state.  Errors: kInvalidSchedule.
absl::Status CheckSpec(const CreateSchedule& command);

}  // namespace stet::core
