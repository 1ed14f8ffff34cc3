// From events to notices.
#include "engine/progress.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/views.h"
#include "schema/parse.h"

namespace stet::engine {
namespace {

using schema::EventType;

// The tasks whose state the event changed.  It has been applied: its bytes are in order.
template <typename Visit>
void ForEachTask(const core::EventRef& event, const core::Execution& execution, Visit visit) {
  const auto set = [&](const auto& parsed) {
    if (!parsed.ok()) return;
    for (const uint32_t task : *(*parsed)->tasks()) visit(task);
  };
  const auto one = [&](const auto& parsed) {
    if (parsed.ok()) visit((*parsed)->task());
  };
  switch (static_cast<EventType>(event.type)) {
    case EventType::TasksReady:
      return set(schema::Parse<fb::TasksReady>(event.payload));
    case EventType::TasksSkipped:
      return set(schema::Parse<fb::TasksSkipped>(event.payload));
    case EventType::TasksCancelled:
      return set(schema::Parse<fb::TasksCancelled>(event.payload));
    case EventType::RetriesWoken:
      return set(schema::Parse<fb::RetriesWoken>(event.payload));
    case EventType::TasksReopened:
      return set(schema::Parse<fb::TasksReopened>(event.payload));
    case EventType::TaskDeadLettered:
      return one(schema::Parse<fb::TaskDeadLettered>(event.payload));
    case EventType::AttemptStarted:
      return one(schema::Parse<fb::AttemptStarted>(event.payload));
    case EventType::AttemptFinished:
      return one(schema::Parse<fb::AttemptFinished>(event.payload));
    case EventType::RunTimedOut:
      return one(schema::Parse<fb::RunTimedOut>(event.payload));
    case EventType::ExecutionFinishing:
      // The closing tasks that its outcome does not trigger.
      for (const uint32_t task : execution.definition->closing_tasks()) {
        if (execution.tasks[task].state == TaskState::kSkipped) visit(task);
      }
      return;
    case EventType::None:
    case EventType::EngineOpened:
    case EventType::EnginePaused:
    case EventType::EngineResumed:
    case EventType::ActivityPaused:
    case EventType::ActivityResumed:
    case EventType::DefinitionChunk:
    case EventType::DefinitionSealed:
    case EventType::ExecutionStarted:
    case EventType::CancelRequested:
    case EventType::ExecutionEnded:
    case EventType::BranchChosen:
    case EventType::ExecutionPaused:
    case EventType::ExecutionResumed:
    case EventType::PrioritySet:
    case EventType::ExecutionsPurged:
    case EventType::DeadLetterDropped:
    case EventType::ExecutionBegun:
    case EventType::RunScheduled:
    case EventType::SignalReceived:
    case EventType::ScheduleCreated:
    case EventType::ScheduleRemoved:
    case EventType::SchedulePaused:
    case EventType::ScheduleResumed:
    case EventType::SchedulePlanned:
    case EventType::ScheduleSkipped:
    case EventType::CheckpointRecorded:
    case EventType::StateSaved:
    case EventType::MapExpanded:
    case EventType::MetadataSet:
    case EventType::StepRecorded:
    case EventType::LeasesRenewed:
    case EventType::BreakerMoved:
      return;
  }
}

}  // namespace

void Progress::Observe(const core::EventRef& event, const core::State& state, Outbox& outbox) {
  const core::Execution* execution = state.FindExecution(event.stream);
  if (execution == nullptr) return;
  if (on_task_) {
    ForEachTask(event, *execution,
                [&](uint32_t task) { ObserveTask(event, *execution, task, outbox); });
  }
  if (log_.wanted()) Log(event, *execution, outbox);
  if (on_ended_ && static_cast<EventType>(event.type) == EventType::ExecutionEnded) {
    outbox.Add(event.seq, [this, summary = core::MakeSummary(*execution)](const absl::Status& ok) {
      if (ok.ok()) on_ended_(summary);
    });
  }
}

// What somebody may have to look at, and the ends of executions.
void Progress::Log(const core::EventRef& event, const core::Execution& execution, Outbox& outbox) {
  const auto type = static_cast<EventType>(event.type);
  const std::string id = fmt::format("{:016x}", execution.id);
  if (type == EventType::ExecutionEnded) {
    outbox.Add(event.seq, [this, id, key = execution.key,
                           state = execution.state](const absl::Status& released) {
      if (!released.ok()) return;
      log_.Say(LogLevel::kInfo, "execution ended",
               {{"execution", id}, {"key", key}, {"state", std::string(ToString(state))}});
    });
  } else if (type == EventType::TaskDeadLettered) {
    ForEachTask(event, execution, [&](uint32_t task) {
      outbox.Add(
          event.seq,
          [this, id, key = execution.key, name = std::string(execution.definition->task_name(task)),
           attempts = execution.tasks[task].attempts](const absl::Status& released) {
            if (!released.ok()) return;
            log_.Say(LogLevel::kWarning, "task dead-lettered",
                     {{"execution", id},
                      {"key", key},
                      {"task", name},
                      {"attempts", fmt::format("{}", attempts)}});
          });
    });
  }
}

void Progress::ObserveTask(const core::EventRef& event, const core::Execution& execution,
                           uint32_t task, Outbox& outbox) {
  outbox.Add(event.seq, [this, summary = core::MakeSummary(execution),
                         name = execution.definition->task_name(task),
                         state = execution.tasks[task].state](const absl::Status& ok) {
    if (ok.ok()) on_task_(summary, name, state);
  });
}

}  // namespace stet::engine
