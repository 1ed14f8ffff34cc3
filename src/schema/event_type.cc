// Names of event types and their enumerations.
#include "schema/event_type.h"

#include <algorithm>
#include <iterator>

namespace stet::schema {
namespace {

constexpr EventType kAll[] = {
    EventType::EngineOpened,     EventType::EnginePaused,      EventType::EngineResumed,
    EventType::ActivityPaused,   EventType::ActivityResumed,   EventType::DefinitionChunk,
    EventType::DefinitionSealed, EventType::ExecutionStarted,  EventType::CancelRequested,
    EventType::ExecutionEnded,   EventType::ExecutionPaused,   EventType::ExecutionResumed,
    EventType::PrioritySet,      EventType::ExecutionsPurged,  EventType::TasksReady,
    EventType::TasksSkipped,     EventType::TasksCancelled,    EventType::TaskDeadLettered,
    EventType::TasksReopened,    EventType::DeadLetterDropped, EventType::AttemptStarted,
    EventType::AttemptFinished,  EventType::RetriesWoken,
};

}  // namespace

std::span<const EventType> AllEventTypes() { return kAll; }

bool IsEventType(uint16_t type) {
  return std::find(std::begin(kAll), std::end(kAll), static_cast<EventType>(type)) !=
         std::end(kAll);
}

std::string_view ToString(EventType type) {
  switch (type) {
    case EventType::None:
      break;
    case EventType::EngineOpened:
      return "engine_opened";
    case EventType::EnginePaused:
      return "engine_paused";
    case EventType::EngineResumed:
      return "engine_resumed";
    case EventType::ActivityPaused:
      return "activity_paused";
    case EventType::ActivityResumed:
      return "activity_resumed";
    case EventType::DefinitionChunk:
      return "definition_chunk";
    case EventType::DefinitionSealed:
      return "definition_sealed";
    case EventType::ExecutionStarted:
      return "execution_started";
    case EventType::CancelRequested:
      return "cancel_requested";
    case EventType::ExecutionEnded:
      return "execution_ended";
    case EventType::ExecutionPaused:
      return "execution_paused";
    case EventType::ExecutionResumed:
      return "execution_resumed";
    case EventType::PrioritySet:
      return "priority_set";
    case EventType::ExecutionsPurged:
      return "executions_purged";
    case EventType::TasksReady:
      return "tasks_ready";
    case EventType::TasksSkipped:
      return "tasks_skipped";
    case EventType::TasksCancelled:
      return "tasks_cancelled";
    case EventType::TaskDeadLettered:
      return "task_dead_lettered";
    case EventType::TasksReopened:
      return "tasks_reopened";
    case EventType::DeadLetterDropped:
      return "dead_letter_dropped";
    case EventType::AttemptStarted:
      return "attempt_started";
    case EventType::AttemptFinished:
      return "attempt_finished";
    case EventType::RetriesWoken:
      return "retries_woken";
  }
  return "unknown";
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

}  // namespace stet::schema
