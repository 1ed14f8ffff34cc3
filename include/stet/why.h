// Why an execution is not further: what each of its open tasks waits for, and what will end the wait.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "stet/state.h"

#pragma GCC visibility push(default)

namespace stet {

enum class WaitKind : uint8_t {
  kRunning,          // its attempt runs; `until`: when it times out
  kStopping,         // its attempt was told to stop
  kRetry,            // for its next attempt, at `until`
  kUpstream,         // for the tasks `on`
  kContinuation,     // for its turn in work that is done in parts
  kEnginePaused,     // for someone to resume the engine
  kActivityPaused,   // for someone to resume its activity
  kExecutionPaused,  // for someone to resume the execution
  kMissingActivity,  // for a process that has its activity
  kNoRunner,         // for a process that executes this directory
  kActivityLimit,    // for one of the attempts of its activity to end
  kRate,             // for its activity to be in its rate again, at `until`
  kSlots,            // for one of the attempts that run to end
  kQueue,            // nothing: it is about to start
  kTimer,            // for its time, `until`
  kSignal,           // for the signal `on`; `until`: when it times out
  kChild,            // for the execution `on` to end; `until`: when it times out
  kMissingWorkflow,  // for a process that has the workflow `on`
  kDelay,            // for its execution to begin, at `until`
  kConcurrencyKey,   // for its concurrency key: `on` is the key, its holder stands in the reason
  kBreaker,          // for its circuit breaker, at `until`, or until a probe of it has ended
  kClosing,          // for its part in the end of the execution: it is a cleanup or a compensation
};
inline constexpr size_t kWaitKindCount = 22;

// Wire names: snake_case ("execution_paused").
std::string_view ToString(WaitKind kind);

struct TaskWait {
  std::string task = {};
  TaskState state = TaskState::kPending;
  WaitKind kind = WaitKind::kQueue;
  std::vector<std::string> on =
      {};  // kUpstream: tasks, the first ten; others: the activity, if it is one that counts
  uint64_t on_count = 0;                           // how many there are
  std::optional<absl::Time> until = std::nullopt;  // on the engine's clock
  std::string reason = {};                         // "attempt 2 failed; the next one waits"
  std::string ends = {};                           // "its time comes, at 2026-11-21T15:00:00Z"
};

struct WhyReport {
  uint64_t id = 0;
  std::string key = {};
  ExecutionState state = ExecutionState::kRunning;
  bool paused = false;
  bool cancel_requested = false;
  uint64_t seq = 0;         // the state as of this event
  uint64_t open_tasks = 0;  // not in a final state
  std::vector<TaskWait> tasks =
      {};                 // of those, the first that were asked for, in declaration order
  std::string text = {};  // one line about the execution as a whole
};

}  // namespace stet

#pragma GCC visibility pop
