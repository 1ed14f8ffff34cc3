// Names of event types and their enumerations.
#include "schema/event_type.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace stet::schema {
namespace {

struct Named {
  EventType type;
  std::string_view name;
};

// Every type, ascending.
constexpr Named kNames[] = {
    {EventType::EngineOpened, "engine_opened"},
    {EventType::EnginePaused, "engine_paused"},
    {EventType::EngineResumed, "engine_resumed"},
    {EventType::ActivityPaused, "activity_paused"},
    {EventType::ActivityResumed, "activity_resumed"},
    {EventType::DefinitionChunk, "definition_chunk"},
    {EventType::DefinitionSealed, "definition_sealed"},
    {EventType::ExecutionStarted, "execution_started"},
    {EventType::CancelRequested, "cancel_requested"},
    {EventType::ExecutionEnded, "execution_ended"},
    {EventType::ExecutionPaused, "execution_paused"},
    {EventType::ExecutionResumed, "execution_resumed"},
    {EventType::PrioritySet, "priority_set"},
    {EventType::ExecutionsPurged, "executions_purged"},
    {EventType::ExecutionBegun, "execution_begun"},
    {EventType::ExecutionFinishing, "execution_finishing"},
    {EventType::TasksReady, "tasks_ready"},
    {EventType::TasksSkipped, "tasks_skipped"},
    {EventType::TasksCancelled, "tasks_cancelled"},
    {EventType::TaskDeadLettered, "task_dead_lettered"},
    {EventType::TasksReopened, "tasks_reopened"},
    {EventType::DeadLetterDropped, "dead_letter_dropped"},
    {EventType::BranchChosen, "branch_chosen"},
    {EventType::MapExpanded, "map_expanded"},
    {EventType::AttemptStarted, "attempt_started"},
    {EventType::AttemptFinished, "attempt_finished"},
    {EventType::RetriesWoken, "retries_woken"},
    {EventType::CheckpointRecorded, "checkpoint_recorded"},
    {EventType::MetadataSet, "metadata_set"},
    {EventType::RunTimedOut, "run_timed_out"},
    {EventType::RunScheduled, "run_scheduled"},
    {EventType::LeasesRenewed, "leases_renewed"},
    {EventType::StepRecorded, "step_recorded"},
    {EventType::StateSaved, "state_saved"},
    {EventType::SignalReceived, "signal_received"},
    {EventType::BreakerMoved, "breaker_moved"},
    {EventType::ScheduleCreated, "schedule_created"},
    {EventType::ScheduleRemoved, "schedule_removed"},
    {EventType::SchedulePaused, "schedule_paused"},
    {EventType::ScheduleResumed, "schedule_resumed"},
    {EventType::SchedulePlanned, "schedule_planned"},
    {EventType::ScheduleSkipped, "schedule_skipped"},
};

constexpr auto kAll = [] {
  std::array<EventType, std::size(kNames)> all = {};
  for (size_t i = 0; i < all.size(); ++i) all[i] = kNames[i].type;
  return all;
}();
static_assert(std::is_sorted(kAll.begin(), kAll.end()));

const Named* Find(EventType type) {
  const auto* at =
      std::lower_bound(std::begin(kNames), std::end(kNames), type,
                       [](const Named& named, EventType wanted) { return named.type < wanted; });
  return at != std::end(kNames) && at->type == type ? at : nullptr;
}

}  // namespace

std::span<const EventType> AllEventTypes() { return kAll; }

bool IsEventType(uint16_t type) { return Find(static_cast<EventType>(type)) != nullptr; }

std::string_view ToString(EventType type) {
  const Named* named = Find(type);
  return named == nullptr ? "unknown" : named->name;
}

std::string_view ToString(AttemptOutcome outcome) {
  switch (outcome) {
    case AttemptOutcome::Success:
      return "success";
    case AttemptOutcome::Failure:
      return "failure";
    case AttemptOutcome::Timeout:
      return "timeout";
    case AttemptOutcome::Lost:
      return "lost";
    case AttemptOutcome::Interrupted:
      return "interrupted";
    case AttemptOutcome::Cancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string_view ToString(AttemptOwner owner) {
  switch (owner) {
    case AttemptOwner::Worker:
      return "worker";
    case AttemptOwner::Engine:
      return "engine";
  }
  return "unknown";
}

std::string_view ToString(RunNext next) {
  switch (next) {
    case RunNext::Completed:
      return "completed";
    case RunNext::RetryWait:
      return "retry_wait";
    case RunNext::Failed:
      return "failed";
    case RunNext::Canceled:
      return "canceled";
    case RunNext::Again:
      return "again";
  }
  return "unknown";
}

std::string_view ToString(FailureKind kind) {
  switch (kind) {
    case FailureKind::None:
      return "none";
    case FailureKind::AttemptsUsedUp:
      return "attempts_used_up";
    case FailureKind::NotRetryable:
      return "not_retryable";
    case FailureKind::Poison:
      return "poison";
    case FailureKind::DeadlinePassed:
      return "deadline_passed";
  }
  return "unknown";
}

std::string_view ToString(BreakerState state) {
  switch (state) {
    case BreakerState::Closed:
      return "closed";
    case BreakerState::Open:
      return "open";
    case BreakerState::HalfOpen:
      return "half_open";
  }
  return "unknown";
}

std::string_view ToString(TimeoutKind kind) {
  switch (kind) {
    case TimeoutKind::StartToClose:
      return "start_to_close";
    case TimeoutKind::ScheduleToStart:
      return "schedule_to_start";
    case TimeoutKind::ScheduleToClose:
      return "schedule_to_close";
    case TimeoutKind::Heartbeat:
      return "heartbeat";
    case TimeoutKind::RetryDeadline:
      return "retry_deadline";
  }
  return "unknown";
}

std::string_view ToString(ExecutionOutcome outcome) {
  switch (outcome) {
    case ExecutionOutcome::Completed:
      return "completed";
    case ExecutionOutcome::Failed:
      return "failed";
    case ExecutionOutcome::Cancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string_view ToString(SkipCause cause) {
  switch (cause) {
    case SkipCause::Upstream:
      return "upstream";
    case SkipCause::Branch:
      return "branch";
    case SkipCause::Trigger:
      return "trigger";
  }
  return "unknown";
}

std::string_view ToString(Branch branch) {
  switch (branch) {
    case Branch::None:
      return "none";
    case Branch::Then:
      return "then";
    case Branch::Otherwise:
      return "otherwise";
  }
  return "unknown";
}

std::string_view ToString(PurgeCause cause) {
  switch (cause) {
    case PurgeCause::Operator:
      return "operator";
    case PurgeCause::Age:
      return "age";
    case PurgeCause::Count:
      return "count";
  }
  return "unknown";
}

std::string_view ToString(PlanCause cause) {
  switch (cause) {
    case PlanCause::Calendar:
      return "calendar";
    case PlanCause::Trigger:
      return "trigger";
    case PlanCause::Backfill:
      return "backfill";
  }
  return "unknown";
}

std::string_view ToString(SkipReason reason) {
  switch (reason) {
    case SkipReason::Overlap:
      return "overlap";
    case SkipReason::KeyTaken:
      return "key_taken";
    case SkipReason::InvalidKey:
      return "invalid_key";
  }
  return "unknown";
}

}  // namespace stet::schema
