// Every event type, once: what goes from a type to its table expands this list.
#pragma once

// X(Name) for each EventType::Name, whose table is fb::Name; ascending.
#define STET_EVENT_TYPES(X) \
  X(EngineOpened)           \
  X(EnginePaused)           \
  X(EngineResumed)          \
  X(ActivityPaused)         \
  X(ActivityResumed)        \
  X(DefinitionChunk)        \
  X(DefinitionSealed)       \
  X(ExecutionStarted)       \
  X(CancelRequested)        \
  X(ExecutionEnded)         \
  X(ExecutionPaused)        \
  X(ExecutionResumed)       \
  X(PrioritySet)            \
  X(ExecutionsPurged)       \
  X(ExecutionBegun)         \
  X(ExecutionFinishing)     \
  X(TasksReady)             \
  X(TasksSkipped)           \
  X(TasksCancelled)         \
  X(TaskDeadLettered)       \
  X(TasksReopened)          \
  X(DeadLetterDropped)      \
  X(BranchChosen)           \
  X(MapExpanded)            \
  X(AttemptStarted)         \
  X(AttemptFinished)        \
  X(RetriesWoken)           \
  X(CheckpointRecorded)     \
  X(MetadataSet)            \
  X(RunTimedOut)            \
  X(RunScheduled)           \
  X(LeasesRenewed)          \
  X(StepRecorded)           \
  X(StateSaved)             \
  X(SignalReceived)         \
  X(BreakerMoved)           \
  X(ScheduleCreated)        \
  X(ScheduleRemoved)        \
  X(SchedulePaused)         \
  X(ScheduleResumed)        \
  X(SchedulePlanned)        \
  X(ScheduleSkipped)
