// SIGINT, SIGTERM and SIGHUP as a request to clean up and end.
#pragma once

#include <atomic>

namespace stet::walbench {

// From now on the first such signal sets the flag; a second one ends the process at once.
const std::atomic<bool>* CatchStopSignals();

}  // namespace stet::walbench
