// One function per event type.  Each checks all it needs before it changes anything; what it returns says what contradicts the state.
#pragma once

#include <absl/status/status.h>

#include "core/editor.h"
#include "schema/event_type.h"
#include "schema/workflow.fbs.h"

namespace stet::core {

absl::Status ApplyEvent(const fb::EngineOpened& event, Editor& editor);
absl::Status ApplyEvent(const fb::EnginePaused& event, Editor& editor);
absl::Status ApplyEvent(const fb::EngineResumed& event, Editor& editor);
absl::Status ApplyEvent(const fb::ActivityPaused& event, Editor& editor);
absl::Status ApplyEvent(const fb::ActivityResumed& event, Editor& editor);
absl::Status ApplyEvent(const fb::DefinitionChunk& event, Editor& editor);
absl::Status ApplyEvent(const fb::DefinitionSealed& event, Editor& editor);
absl::Status ApplyEvent(const fb::ExecutionStarted& event, Editor& editor);
absl::Status ApplyEvent(const fb::CancelRequested& event, Editor& editor);
absl::Status ApplyEvent(const fb::ExecutionFinishing& event, Editor& editor);
absl::Status ApplyEvent(const fb::ExecutionEnded& event, Editor& editor);
absl::Status ApplyEvent(const fb::ExecutionPaused& event, Editor& editor);
absl::Status ApplyEvent(const fb::ExecutionResumed& event, Editor& editor);
absl::Status ApplyEvent(const fb::PrioritySet& event, Editor& editor);
absl::Status ApplyEvent(const fb::ExecutionsPurged& event, Editor& editor);
absl::Status ApplyEvent(const fb::TasksReady& event, Editor& editor);
absl::Status ApplyEvent(const fb::TasksSkipped& event, Editor& editor);
absl::Status ApplyEvent(const fb::TasksCancelled& event, Editor& editor);
absl::Status ApplyEvent(const fb::TaskDeadLettered& event, Editor& editor);
absl::Status ApplyEvent(const fb::TasksReopened& event, Editor& editor);
absl::Status ApplyEvent(const fb::DeadLetterDropped& event, Editor& editor);
absl::Status ApplyEvent(const fb::BranchChosen& event, Editor& editor);
absl::Status ApplyEvent(const fb::AttemptStarted& event, Editor& editor);
absl::Status ApplyEvent(const fb::AttemptFinished& event, Editor& editor);
absl::Status ApplyEvent(const fb::RetriesWoken& event, Editor& editor);
absl::Status ApplyEvent(const fb::CheckpointRecorded& event, Editor& editor);
absl::Status ApplyEvent(const fb::MapExpanded& event, Editor& editor);
absl::Status ApplyEvent(const fb::StateSaved& event, Editor& editor);
absl::Status ApplyEvent(const fb::MetadataSet& event, Editor& editor);
absl::Status ApplyEvent(const fb::BreakerMoved& event, Editor& editor);
absl::Status ApplyEvent(const fb::RunTimedOut& event, Editor& editor);
absl::Status ApplyEvent(const fb::LeasesRenewed& event, Editor& editor);
absl::Status ApplyEvent(const fb::StepRecorded& event, Editor& editor);
absl::Status ApplyEvent(const fb::ExecutionBegun& event, Editor& editor);
absl::Status ApplyEvent(const fb::RunScheduled& event, Editor& editor);
absl::Status ApplyEvent(const fb::SignalReceived& event, Editor& editor);
absl::Status ApplyEvent(const fb::ScheduleCreated& event, Editor& editor);
absl::Status ApplyEvent(const fb::ScheduleRemoved& event, Editor& editor);
absl::Status ApplyEvent(const fb::SchedulePaused& event, Editor& editor);
absl::Status ApplyEvent(const fb::ScheduleResumed& event, Editor& editor);
absl::Status ApplyEvent(const fb::SchedulePlanned& event, Editor& editor);
absl::Status ApplyEvent(const fb::ScheduleSkipped& event, Editor& editor);

// An execution that a schedule starts: whether it may, and what becomes of the schedule.
absl::Status CheckOccurrence(const fb::ExecutionStarted& event, const State& state);
void EnterSchedule(const Execution& execution, int64_t at, Editor& editor);

// What contradicts the state.
absl::Status Contradiction(const std::string& what);

// The execution of the event's stream; null unless it runs or finishes.
Execution* LiveExecution(Editor& editor);
// Null unless it runs: what finishes is not cancelled, and nothing of it is skipped.
Execution* RunningExecution(Editor& editor);

}  // namespace stet::core
