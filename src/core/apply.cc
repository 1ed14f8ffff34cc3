// From an event's type to the function that applies it.
#include "core/apply.h"

#include "base/format.h"
#include "base/status_macros.h"
#include "core/appliers.h"
#include "schema/parse.h"

namespace stet::core {
namespace {

template <class T>
absl::Status ParseAndApply(Editor& editor) {
  ASSIGN_OR_RETURN(const T* table, schema::Parse<T>(editor.event().payload));
  if (table->time() < editor.state().time_ns()) {
    return Contradiction(fmt::format("time {} is before {}, the time of the event before",
                                     table->time(), editor.state().time_ns()));
  }
  RETURN_IF_ERROR(ApplyEvent(*table, editor));
  editor.Advance(table->time());
  return absl::OkStatus();
}

absl::Status Dispatch(Editor& editor) {
  using schema::EventType;
  switch (static_cast<EventType>(editor.event().type)) {
    case EventType::None:
      break;
    case EventType::EngineOpened:
      return ParseAndApply<fb::EngineOpened>(editor);
    case EventType::EnginePaused:
      return ParseAndApply<fb::EnginePaused>(editor);
    case EventType::EngineResumed:
      return ParseAndApply<fb::EngineResumed>(editor);
    case EventType::ActivityPaused:
      return ParseAndApply<fb::ActivityPaused>(editor);
    case EventType::ActivityResumed:
      return ParseAndApply<fb::ActivityResumed>(editor);
    case EventType::DefinitionChunk:
      return ParseAndApply<fb::DefinitionChunk>(editor);
    case EventType::DefinitionSealed:
      return ParseAndApply<fb::DefinitionSealed>(editor);
    case EventType::ExecutionStarted:
      return ParseAndApply<fb::ExecutionStarted>(editor);
    case EventType::CancelRequested:
      return ParseAndApply<fb::CancelRequested>(editor);
    case EventType::ExecutionEnded:
      return ParseAndApply<fb::ExecutionEnded>(editor);
    case EventType::ExecutionPaused:
      return ParseAndApply<fb::ExecutionPaused>(editor);
    case EventType::ExecutionResumed:
      return ParseAndApply<fb::ExecutionResumed>(editor);
    case EventType::PrioritySet:
      return ParseAndApply<fb::PrioritySet>(editor);
    case EventType::ExecutionsPurged:
      return ParseAndApply<fb::ExecutionsPurged>(editor);
    case EventType::TasksReady:
      return ParseAndApply<fb::TasksReady>(editor);
    case EventType::TasksSkipped:
      return ParseAndApply<fb::TasksSkipped>(editor);
    case EventType::TasksCancelled:
      return ParseAndApply<fb::TasksCancelled>(editor);
    case EventType::TaskDeadLettered:
      return ParseAndApply<fb::TaskDeadLettered>(editor);
    case EventType::TasksReopened:
      return ParseAndApply<fb::TasksReopened>(editor);
    case EventType::DeadLetterDropped:
      return ParseAndApply<fb::DeadLetterDropped>(editor);
    case EventType::AttemptStarted:
      return ParseAndApply<fb::AttemptStarted>(editor);
    case EventType::AttemptFinished:
      return ParseAndApply<fb::AttemptFinished>(editor);
    case EventType::RetriesWoken:
      return ParseAndApply<fb::RetriesWoken>(editor);
    case EventType::ExecutionBegun:
      return ParseAndApply<fb::ExecutionBegun>(editor);
    case EventType::SignalReceived:
      return ParseAndApply<fb::SignalReceived>(editor);
    case EventType::ScheduleCreated:
      return ParseAndApply<fb::ScheduleCreated>(editor);
    case EventType::ScheduleRemoved:
      return ParseAndApply<fb::ScheduleRemoved>(editor);
    case EventType::SchedulePaused:
      return ParseAndApply<fb::SchedulePaused>(editor);
    case EventType::ScheduleResumed:
      return ParseAndApply<fb::ScheduleResumed>(editor);
    case EventType::SchedulePlanned:
      return ParseAndApply<fb::SchedulePlanned>(editor);
    case EventType::ScheduleSkipped:
      return ParseAndApply<fb::ScheduleSkipped>(editor);
    case EventType::CheckpointRecorded:
      return ParseAndApply<fb::CheckpointRecorded>(editor);
    case EventType::MetadataSet:
      return ParseAndApply<fb::MetadataSet>(editor);
    case EventType::BreakerMoved:
      return ParseAndApply<fb::BreakerMoved>(editor);
    case EventType::RunTimedOut:
      return ParseAndApply<fb::RunTimedOut>(editor);
    case EventType::StepRecorded:
      return ParseAndApply<fb::StepRecorded>(editor);
  }
  return absl::UnimplementedError("unknown event type");
}

}  // namespace

absl::Status Apply(const EventRef& event, State& state, Effects* effects) {
  absl::Status status;
  if (event.seq != state.seq() + 1) {
    status = Contradiction(fmt::format("expected seq {}", state.seq() + 1));
  } else {
    Editor editor(state, event, effects);
    status = Dispatch(editor);
  }
  if (status.ok()) return status;
  const auto code = status.code() == absl::StatusCode::kUnimplemented
                        ? absl::StatusCode::kUnimplemented
                        : absl::StatusCode::kDataLoss;
  return absl::Status(
      code, fmt::format("event {} (type {}, {}) of stream {:016x}: {}", event.seq, event.type,
                        schema::ToString(static_cast<schema::EventType>(event.type)), event.stream,
                        status.message()));
}

absl::Status Contradiction(const std::string& what) { return absl::DataLossError(what); }

Execution* RunningExecution(Editor& editor) {
  Execution* execution = editor.execution(editor.event().stream);
  const bool runs = execution != nullptr && execution->state == ExecutionState::kRunning;
  return runs ? execution : nullptr;
}

}  // namespace stet::core
