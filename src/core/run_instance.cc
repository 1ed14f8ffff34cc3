// The rules of a run's life.
#include "stet/run_instance.h"

#include <limits>
#include <utility>

#include "base/format.h"
#include "core/refusal.h"

namespace stet {
namespace {

using core::Refuse;

absl::Status CheckIds(uint64_t id, uint64_t task_id) {
  if (task_id == 0) {
    return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidTaskId, "task id is 0");
  }
  if (id == 0) {
    return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidRunId, "run id is 0");
  }
  return absl::OkStatus();
}

absl::Status Contradiction(const RunInstance::Fields& fields, const std::string& field) {
  return Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidRun,
                fmt::format("run {} in state {}: {} contradicts it", fields.id,
                            ToString(fields.state), field),
                {{"field", field}});
}

absl::Status WrongState(const RunInstance::Fields& fields, Reason reason, std::string_view verb) {
  return Refuse(absl::StatusCode::kFailedPrecondition, reason,
                fmt::format("run {}: {} in state {}", fields.id, verb, ToString(fields.state)),
                {{"state", std::string(ToString(fields.state))}});
}

bool HoldsLease(RunState state) {
  return state == RunState::kLeased || state == RunState::kRunning;
}

}  // namespace

std::string ToString(const FencingToken& token) {
  return fmt::format("{}:{}", token.epoch, token.seq);
}

absl::StatusOr<RunInstance> RunInstance::NewScheduled(uint64_t task_id, absl::Time scheduled_at,
                                                      absl::Time created_at) {
  return NewScheduledWithId(task_id, task_id, scheduled_at, created_at);
}

absl::StatusOr<RunInstance> RunInstance::NewScheduledWithId(uint64_t id, uint64_t task_id,
                                                            absl::Time scheduled_at,
                                                            absl::Time created_at) {
  if (absl::Status status = CheckIds(id, task_id); !status.ok()) return status;
  return RunInstance(Fields{.id = id,
                            .task_id = task_id,
                            .state = RunState::kScheduled,
                            .created_at = created_at,
                            .scheduled_at = scheduled_at,
                            .last_state_change_at = created_at});
}

absl::StatusOr<RunInstance> RunInstance::NewReady(uint64_t task_id, absl::Time scheduled_at,
                                                  absl::Time created_at,
                                                  int32_t effective_priority) {
  return NewReadyWithId(task_id, task_id, scheduled_at, created_at, effective_priority);
}

absl::StatusOr<RunInstance> RunInstance::NewReadyWithId(uint64_t id, uint64_t task_id,
                                                        absl::Time scheduled_at,
                                                        absl::Time created_at,
                                                        int32_t effective_priority) {
  if (absl::Status status = CheckIds(id, task_id); !status.ok()) return status;
  if (scheduled_at > created_at) {
    return Refuse(absl::StatusCode::kInvalidArgument, Reason::kReadyScheduledAtAfterCreatedAt,
                  fmt::format("run {} is created ready at {} but scheduled for {}", id, created_at,
                              scheduled_at),
                  {{"scheduled_at", fmt::format("{}", absl::ToUnixNanos(scheduled_at))},
                   {"created_at", fmt::format("{}", absl::ToUnixNanos(created_at))}});
  }
  return RunInstance(Fields{.id = id,
                            .task_id = task_id,
                            .state = RunState::kReady,
                            .created_at = created_at,
                            .scheduled_at = scheduled_at,
                            .effective_priority = effective_priority,
                            .last_state_change_at = created_at});
}

absl::StatusOr<RunInstance> RunInstance::Restore(Fields fields) {
  if (absl::Status status = CheckIds(fields.id, fields.task_id); !status.ok()) return status;
  if (static_cast<size_t>(fields.state) >= kRunStateCount) return Contradiction(fields, "state");
  const bool running = fields.state == RunState::kRunning;
  if (fields.current_attempt && (!running || fields.current_attempt->seq == 0)) {
    return Contradiction(fields, "current_attempt");
  }
  if (fields.current_attempt && fields.attempt_count == 0) {
    return Contradiction(fields, "attempt_count");
  }
  if (fields.lost_count > fields.attempt_count) return Contradiction(fields, "lost_count");
  if (fields.wake_at.has_value() != (fields.state == RunState::kRetryWait)) {
    return Contradiction(fields, "wake_at");
  }
  if (fields.lease && !HoldsLease(fields.state)) return Contradiction(fields, "lease");
  if (fields.last_state_change_at < fields.created_at) {
    return Contradiction(fields, "last_state_change_at");
  }
  return RunInstance(std::move(fields));
}

absl::Status RunInstance::PromoteToReady(int32_t effective_priority, absl::Time at) {
  if (absl::Status status = TransitionTo(RunState::kReady, at); !status.ok()) return status;
  fields_.effective_priority = effective_priority;
  return absl::OkStatus();
}

absl::Status RunInstance::SetEffectivePriority(int32_t effective_priority) {
  if (fields_.state != RunState::kReady) {
    return WrongState(fields_, Reason::kPriorityMutationRequiresReady, "priority set");
  }
  fields_.effective_priority = effective_priority;
  return absl::OkStatus();
}

absl::Status RunInstance::StartAttempt(FencingToken attempt) {
  if (fields_.state != RunState::kRunning) {
    return WrongState(fields_, Reason::kAttemptStartRequiresRunning, "attempt started");
  }
  if (fields_.current_attempt) {
    const std::string active = ToString(*fields_.current_attempt);
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kAttemptAlreadyActive,
                  fmt::format("run {}: attempt {} is active", fields_.id, active),
                  {{"attempt", active}});
  }
  if (fields_.attempt_count == std::numeric_limits<uint32_t>::max()) {
    return Refuse(absl::StatusCode::kResourceExhausted, Reason::kAttemptCountOverflow,
                  fmt::format("run {}: no attempt can be counted any more", fields_.id));
  }
  ++fields_.attempt_count;
  fields_.current_attempt = attempt;
  return absl::OkStatus();
}

absl::Status RunInstance::FinishAttempt(FencingToken attempt, bool lost) {
  if (fields_.state != RunState::kRunning) {
    return WrongState(fields_, Reason::kAttemptFinishRequiresRunning, "attempt finished");
  }
  if (!fields_.current_attempt) {
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kNoActiveAttempt,
                  fmt::format("run {}: no attempt is active", fields_.id));
  }
  if (*fields_.current_attempt != attempt) {
    const std::string expected = ToString(*fields_.current_attempt);
    const std::string actual = ToString(attempt);
    return Refuse(
        absl::StatusCode::kFailedPrecondition, Reason::kAttemptOwnershipMismatch,
        fmt::format("run {}: attempt {} reports, {} owns it", fields_.id, actual, expected),
        {{"expected", expected}, {"actual", actual}});
  }
  fields_.current_attempt.reset();
  if (lost) ++fields_.lost_count;
  return absl::OkStatus();
}

absl::Status RunInstance::TransitionTo(RunState to, absl::Time at) {
  if (!CanMove(fields_.state, to)) {
    const std::string from_name(ToString(fields_.state));
    const std::string to_name(ToString(to));
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kInvalidTransition,
                  fmt::format("run {}: {} -> {} is no transition", fields_.id, from_name, to_name),
                  {{"from", from_name}, {"to", to_name}});
  }
  if (fields_.current_attempt && to != RunState::kCanceled) {
    const std::string active = ToString(*fields_.current_attempt);
    return Refuse(absl::StatusCode::kFailedPrecondition, Reason::kAttemptInProgress,
                  fmt::format("run {}: attempt {} is still active", fields_.id, active),
                  {{"attempt", active}});
  }
  fields_.current_attempt.reset();
  fields_.state = to;
  fields_.last_state_change_at = at;
  fields_.wake_at.reset();
  if (to == RunState::kRetryWait) fields_.wake_at = at;
  if (!HoldsLease(to)) fields_.lease.reset();
  return absl::OkStatus();
}

absl::Status RunInstance::TransitionToRetryWait(absl::Time wake_at, absl::Time at) {
  if (absl::Status status = TransitionTo(RunState::kRetryWait, at); !status.ok()) return status;
  fields_.wake_at = wake_at;
  return absl::OkStatus();
}

absl::Status RunInstance::TransitionToLeased(Lease lease, absl::Time at) {
  if (absl::Status status = TransitionTo(RunState::kLeased, at); !status.ok()) return status;
  fields_.lease = std::move(lease);
  return absl::OkStatus();
}

}  // namespace stet
