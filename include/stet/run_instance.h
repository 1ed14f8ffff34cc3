// One scheduled occurrence of a task, with the rules that hold for its life.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/state.h"

#pragma GCC visibility push(default)

namespace stet {

// Names an attempt and who may report on it: a report with another token is refused.
struct FencingToken {
  uint32_t epoch = 0;  // the opening of the directory that started it
  uint64_t seq = 0;    // of the event that started it
  friend auto operator<=>(const FencingToken&, const FencingToken&) = default;
};
std::string ToString(const FencingToken& token);  // "3:1042"

// Who holds a leased or running run.
struct Lease {
  std::string owner = {};
  absl::Time expires_at = absl::InfiniteFuture();
  friend bool operator==(const Lease&, const Lease&) = default;
};

// A value; not thread-safe.  Every change checks the lifecycle table (CanMove) and the rules named
// at it; a refused change changes nothing.  All errors carry a Reason (reason.h) with its fields.
class RunInstance {
 public:
  // What a run consists of: read by fields(), checked by Restore().
  struct Fields {
    uint64_t id = 0;
    uint64_t task_id = 0;
    RunState state = RunState::kScheduled;
    std::optional<FencingToken> current_attempt = std::nullopt;  // only while Running
    uint32_t attempt_count = 0;                                  // starts
    uint32_t lost_count = 0;                                     // of those, how many vanished
    absl::Time created_at = absl::UnixEpoch();
    absl::Time scheduled_at = absl::UnixEpoch();
    std::optional<absl::Time> wake_at = std::nullopt;  // only in RetryWait
    int32_t effective_priority = 0;
    absl::Time last_state_change_at = absl::UnixEpoch();
    std::optional<Lease> lease = std::nullopt;  // only while Leased or Running
    friend bool operator==(const Fields&, const Fields&) = default;
  };

  // Errors of the four constructors: kInvalidRunId, kInvalidTaskId (an id of 0); the Ready ones
  // also kReadyScheduledAtAfterCreatedAt. Without an id the run gets `task_id` as its own: the
  // first run of a task that has but one.
  static absl::StatusOr<RunInstance> NewScheduled(uint64_t task_id, absl::Time scheduled_at,
                                                  absl::Time created_at);
  static absl::StatusOr<RunInstance> NewScheduledWithId(uint64_t id, uint64_t task_id,
                                                        absl::Time scheduled_at,
                                                        absl::Time created_at);
  static absl::StatusOr<RunInstance> NewReady(uint64_t task_id, absl::Time scheduled_at,
                                              absl::Time created_at, int32_t effective_priority);
  static absl::StatusOr<RunInstance> NewReadyWithId(uint64_t id, uint64_t task_id,
                                                    absl::Time scheduled_at, absl::Time created_at,
                                                    int32_t effective_priority);

  // The only way in from storage.  Errors: kInvalidRunId, kInvalidTaskId, kInvalidRun (names the
  // field that contradicts the state).
  static absl::StatusOr<RunInstance> Restore(Fields fields);

  // Scheduled, RetryWait or Suspended -> Ready, with the priority it now has.  Errors:
  // kInvalidTransition.
  absl::Status PromoteToReady(int32_t effective_priority, absl::Time at);

  // Errors: kPriorityMutationRequiresReady.
  absl::Status SetEffectivePriority(int32_t effective_priority);

  // Counts an attempt and makes it the run's owner.  Errors: kAttemptStartRequiresRunning,
  // kAttemptAlreadyActive, kAttemptCountOverflow.
  absl::Status StartAttempt(FencingToken attempt);

  // Ends the run's attempt; `lost` counts it as vanished.
  // Errors: kAttemptFinishRequiresRunning, kNoActiveAttempt, kAttemptOwnershipMismatch.
  absl::Status FinishAttempt(FencingToken attempt, bool lost = false);

  // Any edge of the table.  Errors: kInvalidTransition; kAttemptInProgress when leaving Running
  // with an active attempt, except to Canceled, which closes it.
  absl::Status TransitionTo(RunState to, absl::Time at);
  absl::Status TransitionToRetryWait(absl::Time wake_at, absl::Time at);
  absl::Status TransitionToLeased(Lease lease, absl::Time at);

  const Fields& fields() const { return fields_; }
  uint64_t id() const { return fields_.id; }
  uint64_t task_id() const { return fields_.task_id; }
  RunState state() const { return fields_.state; }
  uint32_t attempt_count() const { return fields_.attempt_count; }
  const std::optional<FencingToken>& current_attempt() const { return fields_.current_attempt; }

  friend bool operator==(const RunInstance&, const RunInstance&) = default;

 private:
  explicit RunInstance(Fields fields) : fields_(std::move(fields)) {}
  Fields fields_;
};

}  // namespace stet

#pragma GCC visibility pop
