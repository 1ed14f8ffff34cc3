// Catching of signals.
#include "tools/walbench/stop.h"

#include <csignal>

namespace stet::walbench {
namespace {

std::atomic<bool> stop_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

void Request(int) { stop_requested = true; }

}  // namespace

const std::atomic<bool>* CatchStopSignals() {
  struct sigaction action {};
  action.sa_handler = Request;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  return &stop_requested;
}

}  // namespace stet::walbench
