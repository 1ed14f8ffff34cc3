// One function per command.  `now` is engine time in ns, never before the last event.
#pragma once

#include <cstdint>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "core/command.h"
#include "core/event_buffer.h"
#include "core/group.h"
#include "core/state.h"

namespace stet::core {

absl::Status DecideOn(const State& state, const OpenEngine& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const DefineWorkflow& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const StartExecution& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const StartAttempt& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const FinishAttempt& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const TimeoutAttempt& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const TimeoutRun& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const RenewLeases& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const ExpireLease& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const WakeRetry& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const RequestCancel& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const Continue& command, int64_t now, EventBuffer& out);

absl::Status DecideOn(const State& state, const RecordStep& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const RecordCheckpoint& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const SetMetadata& command, int64_t now,
                      EventBuffer& out);

absl::Status DecideOn(const State& state, const PauseEngine& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const PauseActivity& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const PauseExecution& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const SetPriority& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const Reopen& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const ResetBreaker& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const DropDeadLetter& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const Purge& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const Retain& command, int64_t now, EventBuffer& out);

absl::Status DecideOn(const State& state, const Begin& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const EndWait& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const SendSignal& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const StartChild& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const ExpandMap& command, int64_t now, EventBuffer& out);
absl::Status DecideOn(const State& state, const FinishChild& command, int64_t now,
                      EventBuffer& out);

absl::Status DecideOn(const State& state, const CreateSchedule& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const RemoveSchedule& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const PauseSchedule& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const PlanSchedule& command, int64_t now,
                      EventBuffer& out);
absl::Status DecideOn(const State& state, const RunSchedule& command, int64_t now,
                      EventBuffer& out);

// The tasks of a new execution that depend on none, or the first part of them.
void AddRoots(const Definition& definition, uint64_t id, int64_t now, EventBuffer& out);

// The attempt of the ready `task`, which waits, begins; it ends at once if its signal is there.
void BeginWait(const State& state, const Execution& execution, uint32_t task, int64_t now,
               EventBuffer& out);

// What follows when the wait of `task` has completed as event `cause`.
void GoOn(Group& group, uint32_t task, uint64_t cause);

// The attempt of `task` ended without success: its retry, or its failure with what follows.
void FinishAsFailed(const Execution& execution, uint32_t task, schema::AttemptOutcome outcome,
                    std::string_view error, bool retryable, int64_t now, EventBuffer& out);

// Errors: kUnknownExecution.
absl::StatusOr<const Execution*> FindForCommand(const State& state, uint64_t execution);

// Errors: also kUnknownTask.
absl::StatusOr<const Execution*> FindForCommand(const State& state, const RunRef& run);

// Errors: kExecutionEnded.
absl::Status CheckRunning(const Execution& execution);

// Errors: kAlreadyCancelled.
absl::Status CheckNotCancelled(const Execution& execution);

// One owner: a report from anybody else changes nothing.
// Errors: kAttemptFinishRequiresRunning, kAttemptOwnershipMismatch.
absl::Status CheckOwner(const Execution& execution, uint32_t task, const Token& token);

// Nobody but the engine reports on its own attempts.  Errors: kAttemptOwnershipMismatch.
absl::Status CheckWorker(const Execution& execution, uint32_t task);

// Whether an attempt may be given to `worker` for so long; no worker and no time are fine.
// Errors: kInvalidName, kInvalidLease.
absl::Status CheckLease(std::string_view worker, int64_t lease_ns);

// Refuses with kNotDue.
absl::Status NotDue(int64_t at, int64_t now);
// Errors: kFinishing.
absl::Status CheckNotFinishing(const Execution& execution);

// Errors: kTooLarge.
absl::Status CheckPayload(std::string_view what, const PayloadView& payload);

// Errors: kBreakerOpen.
absl::Status CheckBreaker(const State& state, const Execution& execution, uint32_t task,
                          int64_t now, const EventBuffer& out);
// The circuit breaker of the task moves if it must: attempt `attempt` starts; the one that runs ends.
void TellBreakerOfStart(const State& state, const Execution& execution, uint32_t task,
                        uint64_t attempt, int64_t now, EventBuffer& out);
void TellBreakerOfEnd(const State& state, const Execution& execution, uint32_t task,
                      schema::AttemptOutcome outcome, int64_t now, EventBuffer& out);

}  // namespace stet::core
