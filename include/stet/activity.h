// The user's code that a task runs, and what it may ask while it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/payload.h"

#pragma GCC visibility push(default)

namespace stet {

// Does one step of an activity.  The key is the same whenever this step of this run is tried:
// "{execution id}/{task}/{run}/{name}/{occurrence}".  Give it to services that deduplicate: a process
// may die between the step and its record.
using StepFunction = std::function<absl::StatusOr<Payload>(const std::string& idempotency_key)>;

// What an activity knows about its attempt.  Valid until the activity returns.  Thread-safe.
class ActivityContext {
 public:
  virtual ~ActivityContext() = default;

  virtual std::string_view execution_key() const = 0;
  virtual uint64_t execution_id() const = 0;
  virtual std::string_view task() const = 0;    // the task's name
  virtual std::string_view config() const = 0;  // Task::config
  virtual uint32_t attempt() const = 0;         // 1 for the first
  // 1, and one more each time someone retries the task, and for each run that it has completed.
  virtual uint64_t run() const = 0;
  // Which run of a task that has several (Task::repeat, LoopTask): 1 for the first.
  virtual uint32_t occurrence() const = 0;

  // The execution's input.
  virtual const Payload& input() const = 0;
  // Of an event task (EventTask): what the signal carried; nothing for other tasks.
  virtual std::optional<Payload> signal() const = 0;
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

  // Does a step once in this run.  Its result is recorded, and released by the durability mode, before Step
  // returns it; a later attempt of the run gets the recorded result, and `step` is not called.  What
  // `step` fails with is returned and not recorded.  Steps of the same name are told apart by how many came
  // before: an activity that repeats a name must do so in the same order each time.  A new run (someone
  // retried the task) begins without steps.
  // Errors: those of `step`; Aborted when this attempt does not own its run any more (it timed out, or was
  // given up), Cancelled when it was told to stop: then `step` is not called, and recorded results are
  // still returned.  InvalidArgument for a name that is none (1 to 255 bytes of UTF-8 without control
  // characters); ResourceExhausted with Reason kTooManySteps (10,000 per run), kTooLarge, or while the
  // log has no room.
  virtual absl::StatusOr<Payload> Step(std::string_view name, const StepFunction& step) = 0;

  // Records how far the activity has come, in place of what was recorded before.  Released when it returns.
  // Errors: Aborted as for Step; ResourceExhausted with Reason kTooLarge, or while the log has no room.
  virtual absl::Status Checkpoint(const Payload& checkpoint) = 0;
  // The last checkpoint of the attempts of this run before this one; nothing if they recorded none.
  virtual std::optional<Payload> checkpoint() const = 0;

  // Of a stateful task (StatefulTask): what its last success in this execution left; nothing if none did.
  virtual std::optional<Payload> state() const = 0;
  // Leaves a state to the task's next attempt or run.  It is recorded together with the result of this attempt, if
  // that is a success; the last call counts.
  // Errors: FailedPrecondition for a task of another kind; ResourceExhausted with Reason kTooLarge.
  virtual absl::Status SetState(Payload state) = 0;

  // Says that the activity is alive.  Cheap: nothing is written.
  // Errors: Aborted when this attempt does not own its run any more, Cancelled when it was told to stop.
  virtual absl::Status Heartbeat() = 0;

  // Tells people something about the task: TaskRecord::metadata.  Stays when the run has ended.
  // Errors: Aborted as for Step; InvalidArgument for a key that is no name; ResourceExhausted with Reason
  // kTooLarge (a value is at most 1 KiB of UTF-8) or kTooMuchMetadata (64 entries per task).
  virtual absl::Status SetMetadata(std::string_view key, std::string_view value) = 0;
};

// Runs one attempt.  May block, throw (recorded as a failure) or be killed.  An error Status is a
// reported failure: the attempt is retried while the task's budget lasts; InvalidArgument,
// Unimplemented and FailedPrecondition are not retried; Cancelled after cancelled() became true is
// an interruption or a cancellation, not a failure.
using Activity = std::function<absl::StatusOr<Payload>(ActivityContext&)>;

}  // namespace stet

#pragma GCC visibility pop
