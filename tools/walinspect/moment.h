// A moment of a log, as people name it.
#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "stet/inspect.h"

namespace stet::walinspect {

// Sets at_seq from a seq, or at_time from a time (RFC 3339); empty text sets nothing.  False if it is
// neither.
bool SetMoment(const std::string& text, ReplayOptions* options);

// The state at that moment.  Errors: InvalidArgument if it is none; OutOfRange if the log ends before it;
// those of Replay.
absl::StatusOr<Replayed> StateAt(const std::string& directory, const std::string& at);

// What is wrong with a moment, for a Trouble.
std::string NotAMoment(const std::string& option, const std::string& text);

}  // namespace stet::walinspect
