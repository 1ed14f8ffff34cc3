// What must be done outside once the events behind it are released.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ref.h"

namespace stet::core {

struct Effect {
  enum class Kind : uint8_t {
    kDispatchAttempt,  // run `task` of `execution` as attempt `token`; done when the attempt
                       // finished
    kStopAttempt,      // tell attempt `token` to stop; done when the attempt finished
    kAttemptTimer,     // at `at_ns`: TimeoutAttempt{execution, task, token}; done when the attempt
                       // finished
    kRetryTimer,       // at `at_ns`: WakeRetry{execution, task}; done when the task sleeps no more
    kWaitTimer,   // at `at_ns`: EndWait{execution, task, token}; done when the attempt finished
    kWaitEnded,   // that kWaitTimer is not needed any more; done at once, so never outstanding
    kStartTimer,  // at `at_ns`: Begin{execution}; done when the execution is not delayed any more
    kStartChild,  // StartChild{execution, task, token}; done when the child is there or the attempt
    // finished.  Of a map: ExpandMap, then StartChild of its next item; done when none may start
    kReadChild,  // FinishChild{execution, task, token}: the child has ended; done when the attempt
                 // finished, or the child runs again
    kCancelChild,     // RequestCancel{execution}; done when it was cancelled or has ended
    kRunTimer,        // at `at_ns`: TimeoutRun{execution, task}; done when the task left Ready
    kLeaseTimer,      // at `at_ns`: ExpireLease{execution, task, token}; done when the attempt
                      // finished, or its lease was renewed
    kHeartbeatTimer,  // the shell's own: it looks whether attempt `token` was heard of.  Never asked
                      // for
    kContinue,  // Continue{execution}, one group at a time, until !HasBacklog(state, execution)
    kExecutionEnded,  // tell those who wait; done at once, so never outstanding
  };
  Kind kind = Kind::kDispatchAttempt;
  uint32_t task = 0;
  uint64_t execution = 0;  // kContinue: 0 means the attempts of dead epochs
  Token token = {};
  int64_t at_ns = 0;
  friend auto operator<=>(const Effect&, const Effect&) = default;
};

// Collects what Apply asks for, in order.
using Effects = std::vector<Effect>;

}  // namespace stet::core
