// Workflow definitions: named tasks, their dependencies and policies.  Plain data: comparable,
// printable, storable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/boxed.h"
#include "stet/policy.h"
#include "stet/task_kind.h"

#pragma GCC visibility push(default)

namespace stet {

// One node of a workflow.
struct Task {
  std::string name = {};  // unique in the workflow; 1..255 bytes, no control characters
  // What runs it, if its kind wants that; a key of EngineOptions::activities.
  std::string activity = {};
  std::vector<std::string> after = {};  // names of the tasks it depends on
  std::string config = {};  // handed to the activity as it is (for example a command line as JSON)
  int32_t priority = 0;     // higher first, then FIFO
  RetryPolicy retry = {};
  std::optional<absl::Duration> timeout = std::nullopt;  // start to close, of one attempt; > 0

  // Few tasks want any of these.
  Boxed<KindSpec> kind = {};      // .kind = stet::TimerTask{.duration = absl::Minutes(5)}
  Boxed<RunPolicy> repeat = {};   // .repeat = stet::Repeat{.count = 3}
  Boxed<Timeouts> timeouts = {};  // .timeouts = stet::Timeouts{.heartbeat = absl::Seconds(30)}
  Boxed<ConcurrencyKey> concurrency_key = {};
  UpstreamFailure on_upstream_failure = UpstreamFailure::kSkip;
  Trigger trigger = Trigger::kNone;
  // An activity that undoes this task: it runs, with the output of this one as its upstream, if the
  // task completed and the execution fails, or is cancelled with compensation.  Compensations run
  // one at a time, in reverse order of completion.
  std::string compensate = {};
  std::string breaker = {};  // the circuit breaker that it shares; empty: its activity's
  friend bool operator==(const Task&, const Task&) = default;
};

struct Workflow {
  std::string name = {};
  std::vector<Task> tasks = {};
  friend bool operator==(const Workflow&, const Workflow&) = default;
};

// Identity of a definition: XXH3-128 over its canonical encoding, printed as 32 hex digits.  Equal
// workflows have equal hashes.
struct WorkflowHash {
  uint64_t high = 0;
  uint64_t low = 0;
  friend auto operator<=>(const WorkflowHash&, const WorkflowHash&) = default;
};
std::string ToString(const WorkflowHash& hash);

// The hash of `workflow`.  Does not validate.
WorkflowHash HashOf(const Workflow& workflow);

// Checks names, policies and graph.
// Errors: InvalidArgument with a Reason (reason.h) and a message that names the tasks:
// kEmptyWorkflow, kDuplicateTask, kSelfDependency, kMissingDependency (names both), kCycle (names the
// tasks on one cycle), kTooManyTasks, kInvalidPolicy (names the field), kInvalidName.
absl::Status Validate(const Workflow& workflow);

// Positions in workflow.tasks such that every task stands behind its dependencies; ties are broken
// by declaration order.
// Errors: those of Validate.
absl::StatusOr<std::vector<uint32_t>> TopologicalOrder(const Workflow& workflow);

}  // namespace stet

#pragma GCC visibility pop
