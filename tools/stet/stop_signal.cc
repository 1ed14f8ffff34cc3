// Catching of signals.
#include "tools/stet/stop_signal.h"

#include <csignal>
#include <initializer_list>

namespace stet::cli {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

void Request(int) { stop_requested = 1; }

}  // namespace

void CatchStopSignals() {
  struct sigaction action {};
  action.sa_handler = Request;
  // SA_RESETHAND: the second signal of a kind has its default effect.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool StopRequested() { return stop_requested != 0; }

}  // namespace stet::cli
