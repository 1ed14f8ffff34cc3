// Which payloads events carry, and which they make useless.
#include <algorithm>
#include <optional>
#include <type_traits>
#include <vector>

#include "core/apply.h"
#include "core/payload_ref.h"
#include "core/run_policy.h"
#include "schema/parse.h"

namespace stet::core {
namespace {

using schema::EventType;
using PayloadKind = CarriedPayload::Kind;

template <class T>
const T* TableOf(const EventRef& event) {
  return flatbuffers::GetRoot<T>(event.payload.data());
}

// The payload that `bytes` of the event's table are.
template <class T>
CarriedPayload Carried(const EventRef& event, PayloadKind kind,
                       const flatbuffers::Vector<uint8_t>* (T::*bytes)() const) {
  const T* table = TableOf<T>(event);
  return {.kind = kind,
          .bytes = TextOf((table->*bytes)()),
          .content_type = ContentTypeOf(table->content_type())};
}

CarriedPayload ResultIn(const fb::AttemptFinished& finished) {
  const bool success = finished.outcome() == schema::AttemptOutcome::Success;
  return {.kind = success ? PayloadKind::kOutput : PayloadKind::kError,
          .bytes = success ? TextOf(finished.output()) : TextOf(finished.error()),
          .content_type = ContentTypeOf(finished.content_type())};
}

void AddPayload(const PayloadRef& ref, std::vector<uint64_t>& seqs) {
  if (ref && !IsEmpty(ref)) seqs.push_back(ref.seq);
}

// What a run has recorded.
void AddRecorded(const Execution& execution, uint32_t task, std::vector<uint64_t>& seqs) {
  const RunNotes* notes = execution.notes.Find(task);
  if (notes == nullptr) return;
  for (const auto& [key, result] : notes->steps) AddPayload(result, seqs);
  AddPayload(notes->checkpoint, seqs);
}

std::vector<uint64_t> PurgedBy(const EventRef& event, const State& state) {
  std::vector<uint64_t> dropped;
  const auto purged = schema::Parse<fb::ExecutionsPurged>(event.payload);
  if (!purged.ok()) return dropped;
  for (const uint64_t id : *(*purged)->executions()) {
    const Execution* execution = state.FindExecution(id);
    if (execution == nullptr) continue;
    AddPayload(execution->input, dropped);
    if (execution->signals != nullptr) {
      for (const auto& [place, payload] : execution->signals->buffered()) {
        AddPayload(payload, dropped);
      }
    }
    for (const TaskSlot& slot : execution->tasks) {
      AddPayload(slot.output, dropped);
      AddPayload(slot.error, dropped);
    }
    for (const auto& [task, notes] : execution->history.by_task()) {
      for (const AttemptNote& note : notes) AddPayload(note.error, dropped);
    }
    for (const auto& [task, notes] : execution->notes.by_task()) AddPayload(notes.state, dropped);
  }
  return dropped;
}

std::vector<uint64_t> RemovedBy(const EventRef& event, const State& state) {
  std::vector<uint64_t> dropped;
  const auto removed = schema::Parse<fb::ScheduleRemoved>(event.payload);
  if (!removed.ok()) return dropped;
  const Schedule* schedule = state.schedules().Find((*removed)->schedule());
  if (schedule != nullptr) AddPayload(schedule->input, dropped);
  return dropped;
}

// A full history forgets its oldest attempt for the newest; a run that ends, what it has recorded.
std::vector<uint64_t> ForgottenBy(const fb::AttemptFinished& finished, const Execution& execution) {
  std::vector<uint64_t> dropped;
  const auto notes = execution.history.of(finished.task());
  if (notes.size() == kHistoryMax) AddPayload(notes.front().error, dropped);
  const bool success = finished.outcome() == schema::AttemptOutcome::Success;
  // The run before it left an output.
  if (success && finished.task() < execution.tasks.size()) {
    AddPayload(execution.tasks[finished.task()].output, dropped);
  }
  if (finished.next() != schema::RunNext::RetryWait) {
    AddRecorded(execution, finished.task(), dropped);
  }
  return dropped;
}

std::vector<uint64_t> TimedOutBy(const fb::RunTimedOut& timed_out, const Execution& execution) {
  std::vector<uint64_t> dropped;
  AddRecorded(execution, timed_out.task(), dropped);
  return dropped;
}

// What closed the execution has outputs; errors of runs that never started stand in no history.
std::vector<uint64_t> ReopenedBy(const fb::TasksReopened& reopened, const Execution& execution) {
  std::vector<uint64_t> dropped;
  for (const uint32_t task : *reopened.tasks()) {
    if (task >= execution.tasks.size()) continue;
    if (!KeepsSignal(execution, task)) AddPayload(execution.tasks[task].output, dropped);
    const PayloadRef& error = execution.tasks[task].error;
    const auto notes = execution.history.of(task);
    const bool told = std::any_of(notes.begin(), notes.end(), [&error](const AttemptNote& note) {
      return note.error.seq == error.seq;
    });
    if (!told) AddPayload(error, dropped);
  }
  return dropped;
}

// Of tasks that are cancelled while they wait for a retry.
std::vector<uint64_t> CancelledBy(const fb::TasksCancelled& cancelled, const Execution& execution) {
  std::vector<uint64_t> dropped;
  for (const uint32_t task : *cancelled.tasks()) AddRecorded(execution, task, dropped);
  return dropped;
}

// The checkpoint before it.
std::vector<uint64_t> ReplacedBy(const fb::CheckpointRecorded& recorded,
                                 const Execution& execution) {
  std::vector<uint64_t> dropped;
  if (const RunNotes* notes = execution.notes.Find(recorded.task())) {
    AddPayload(notes->checkpoint, dropped);
  }
  return dropped;
}

// The state before it.
std::vector<uint64_t> SavedOver(const fb::StateSaved& saved, const Execution& execution) {
  std::vector<uint64_t> dropped;
  if (const RunNotes* notes = execution.notes.Find(saved.task())) {
    AddPayload(notes->state, dropped);
  }
  return dropped;
}

// What `drop` names of an event that parses, of an execution that is there.
template <class T, class Drop>
std::vector<uint64_t> DroppedFrom(const EventRef& event, const State& state, Drop drop) {
  const Execution* execution = state.FindExecution(event.stream);
  if (execution == nullptr) return {};
  // Most attempts are the first of a task that records nothing.
  const bool plain = execution->notes.empty() && execution->history.by_task().empty();
  if (plain && std::is_same_v<T, fb::AttemptFinished>) return {};
  const auto table = schema::Parse<T>(event.payload);
  return table.ok() ? drop(**table, *execution) : std::vector<uint64_t>();
}

}  // namespace

std::optional<CarriedPayload> PayloadsIn(const EventRef& event) {
  std::optional<CarriedPayload> carried;
  switch (static_cast<EventType>(event.type)) {
    case EventType::ExecutionStarted:
      carried =
          Carried<fb::ExecutionStarted>(event, PayloadKind::kInput, &fb::ExecutionStarted::input);
      break;
    case EventType::AttemptFinished:
      carried = ResultIn(*TableOf<fb::AttemptFinished>(event));
      break;
    case EventType::RunTimedOut:
      carried = {.kind = PayloadKind::kError,
                 .bytes = TextOf(TableOf<fb::RunTimedOut>(event)->error()),
                 .content_type = schema::kDefaultContentType};
      break;
    case EventType::SignalReceived:
      carried =
          Carried<fb::SignalReceived>(event, PayloadKind::kSignal, &fb::SignalReceived::payload);
      break;
    case EventType::ScheduleCreated:
      carried =
          Carried<fb::ScheduleCreated>(event, PayloadKind::kInput, &fb::ScheduleCreated::input);
      break;
    case EventType::StepRecorded:
      carried = Carried<fb::StepRecorded>(event, PayloadKind::kStep, &fb::StepRecorded::result);
      break;
    case EventType::CheckpointRecorded:
      carried = Carried<fb::CheckpointRecorded>(event, PayloadKind::kCheckpoint,
                                                &fb::CheckpointRecorded::checkpoint);
      break;
    case EventType::StateSaved:
      carried = Carried<fb::StateSaved>(event, PayloadKind::kState, &fb::StateSaved::state);
      break;
    default:
      return std::nullopt;
  }
  if (carried->bytes.empty() && carried->content_type == schema::kDefaultContentType) {
    return std::nullopt;
  }
  return carried;
}

std::vector<uint64_t> PayloadsDroppedBy(const EventRef& event, const State& state) {
  switch (static_cast<EventType>(event.type)) {
    case EventType::ExecutionsPurged:
      return PurgedBy(event, state);
    case EventType::ScheduleRemoved:
      return RemovedBy(event, state);
    case EventType::AttemptFinished:
      return DroppedFrom<fb::AttemptFinished>(event, state, ForgottenBy);
    case EventType::TasksReopened:
      return DroppedFrom<fb::TasksReopened>(event, state, ReopenedBy);
    case EventType::RunTimedOut:
      return DroppedFrom<fb::RunTimedOut>(event, state, TimedOutBy);
    case EventType::TasksCancelled:
      return DroppedFrom<fb::TasksCancelled>(event, state, CancelledBy);
    case EventType::CheckpointRecorded:
      return DroppedFrom<fb::CheckpointRecorded>(event, state, ReplacedBy);
    case EventType::StateSaved:
      return DroppedFrom<fb::StateSaved>(event, state, SavedOver);
    default:
      return {};
  }
}

}  // namespace stet::core
