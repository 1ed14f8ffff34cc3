// Counts events by what they say.
#include "engine/meter.h"

#include "schema/event_type.h"
#include "schema/parse.h"

namespace stet::engine {
namespace {

using schema::EventType;

constexpr int64_t kMicro = 1000;

const core::TaskSlot* SlotOf(const core::State& state, uint64_t execution, uint32_t task) {
  const core::Execution* found = state.FindExecution(execution);
  return found == nullptr || task >= found->tasks.size() ? nullptr : &found->tasks[task];
}

// Decide made the event: its bytes are in order.
template <class T>
uint64_t TasksIn(const core::EventRef& event) {
  return schema::Trusted<T>(event.payload)->tasks()->size();
}

}  // namespace

void Meter::See(const core::EventRef& event, const core::State& before) {
  switch (static_cast<EventType>(event.type)) {
    case EventType::AttemptStarted:
      return SeeStart(event, before);
    case EventType::AttemptFinished:
      return SeeFinish(event, before);
    case EventType::ExecutionStarted:
      ++counts_.executions_started;
      return;
    case EventType::ExecutionEnded: {
      const auto outcome = schema::Trusted<fb::ExecutionEnded>(event.payload)->outcome();
      ++counts_.executions_ended[static_cast<size_t>(outcome)];
      return;
    }
    case EventType::TasksSkipped:
      counts_.tasks_skipped += TasksIn<fb::TasksSkipped>(event);
      return;
    case EventType::TasksCancelled:
      counts_.tasks_cancelled += TasksIn<fb::TasksCancelled>(event);
      return;
    case EventType::TaskDeadLettered:
      ++counts_.tasks_dead_lettered;
      return;
    default:
      return;
  }
}

void Meter::SeeStart(const core::EventRef& event, const core::State& before) {
  ++counts_.attempts_started;
  const auto* start = schema::Trusted<fb::AttemptStarted>(event.payload);
  const core::TaskSlot* slot = SlotOf(before, event.stream, start->task());
  if (slot != nullptr) counts_.queue_delay.Add((start->time() - slot->updated_at) / kMicro);
}

void Meter::SeeFinish(const core::EventRef& event, const core::State& before) {
  const auto* finish = schema::Trusted<fb::AttemptFinished>(event.payload);
  ++counts_.attempts_ended[static_cast<size_t>(finish->outcome())];
  switch (finish->next()) {
    case fb::RunNext::Completed:
      ++counts_.tasks_completed;
      break;
    case fb::RunNext::Again:
      break;
    case fb::RunNext::RetryWait:
      ++counts_.retries;
      break;
    case fb::RunNext::Failed:
      ++counts_.tasks_failed;
      break;
    case fb::RunNext::Canceled:
      ++counts_.tasks_cancelled;
      break;
  }
  const core::TaskSlot* slot = SlotOf(before, event.stream, finish->task());
  if (slot != nullptr) counts_.execution_time.Add((finish->time() - slot->started_at) / kMicro);
}

void Meter::Released(uint64_t seq, absl::Duration now) {
  if (seq <= released_) return;
  // What was there at the opening was not released now.
  if (released_ != 0) counts_.release_events.Add(static_cast<int64_t>(seq - released_));
  released_ = seq;
  if (sample_seq_ == 0 || seq < sample_seq_) return;
  counts_.commit_latency.Add(absl::ToInt64Microseconds(now - sample_at_));
  sample_seq_ = 0;
}

}  // namespace stet::engine
