// From events to notices.
#include "engine/progress.h"

#include <utility>

#include "core/views.h"
#include "schema/parse.h"

namespace stet::engine {
namespace {

using schema::EventType;

// The tasks whose state the event changed.  It has been applied: its bytes are in order.
template <typename Visit>
void ForEachTask(const core::EventRef& event, Visit visit) {
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
    case EventType::ExecutionPaused:
    case EventType::ExecutionResumed:
    case EventType::PrioritySet:
    case EventType::ExecutionsPurged:
    case EventType::DeadLetterDropped:
      return;
  }
}

}  // namespace

void Progress::Observe(const core::EventRef& event, const core::State& state, Outbox& outbox) {
  const core::Execution* execution = state.FindExecution(event.stream);
  if (execution == nullptr) return;
  if (on_task_) {
    ForEachTask(event, [&](uint32_t task) { ObserveTask(event, *execution, task, outbox); });
  }
  if (on_ended_ && static_cast<EventType>(event.type) == EventType::ExecutionEnded) {
    outbox.Add(event.seq, [this, summary = core::MakeSummary(*execution)](const absl::Status& ok) {
      if (ok.ok()) on_ended_(summary);
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
