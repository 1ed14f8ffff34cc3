// The user's code that a task runs, and what it may ask while it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/payload.h"

#pragma GCC visibility push(default)

namespace stet {

// What an activity knows about its attempt.  Valid until the activity returns.  Thread-safe.
class ActivityContext {
 public:
  virtual ~ActivityContext() = default;

  virtual std::string_view execution_key() const = 0;
  virtual uint64_t execution_id() const = 0;
  virtual std::string_view task() const = 0;    // the task's name
  virtual std::string_view config() const = 0;  // Task::config
  virtual uint32_t attempt() const = 0;         // 1 for the first
  virtual uint64_t run() const = 0;  // 1, and one more each time someone retries the task

  // The execution's input.
  virtual const Payload& input() const = 0;
  // The output of a task that this one depends on, directly.
  // Errors: NotFound when `task` is not
  // one of those.
  virtual absl::StatusOr<Payload> output(std::string_view task) const = 0;
  // The names this task depends on, in declaration order.
  virtual std::vector<std::string_view> upstream() const = 0;

  // The same for every attempt of this run: "{execution id}/{task}/{run}".  Give it to services
  // that deduplicate.
  virtual std::string idempotency_key() const = 0;

  // True once the execution was cancelled, the attempt timed out or the engine is closing.  The
  // activity should then return soon.
  virtual bool cancelled() const = 0;
  // Blocks for `duration` or until cancelled() is true; answers !cancelled().
  virtual bool SleepFor(absl::Duration duration) = 0;
  // When this attempt times out; absl::InfiniteFuture() if never.  On the wall clock.
  virtual absl::Time Deadline() const = 0;
};

// Runs one attempt.  May block, throw (recorded as a failure) or be killed.  An error Status is a
// reported failure: the attempt is retried while the task's budget lasts; InvalidArgument,
// Unimplemented and FailedPrecondition are not retried; Cancelled after cancelled() became true is
// an interruption or a cancellation, not a failure.
using Activity = std::function<absl::StatusOr<Payload>(ActivityContext&)>;

}  // namespace stet

#pragma GCC visibility pop
