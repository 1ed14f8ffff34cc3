// SIGINT, SIGTERM and SIGHUP as a request to stop in order.
#pragma once

namespace stet::cli {

// From now on the first such signal only sets the request; a second one ends the process at once, which is safe: it is no
// more than a crash.
void CatchStopSignals();

// Whether a signal came.
bool StopRequested();

}  // namespace stet::cli
