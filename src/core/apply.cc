// From an event's type to the function that applies it.
#include "core/apply.h"

#include "base/format.h"
#include "base/status_macros.h"
#include "core/appliers.h"
#include "schema/event_list.h"
#include "schema/parse.h"

namespace stet::core {
namespace {

template <class T>
absl::Status ParseAndApply(Editor& editor) {
  const Bytes payload = editor.event().payload;
  const T* table = nullptr;
  if (editor.event().checked) {
    table = schema::Trusted<T>(payload);
  } else {
    ASSIGN_OR_RETURN(table, schema::Parse<T>(payload));
  }
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
#define STET_CASE(name) \
  case EventType::name: \
    return ParseAndApply<fb::name>(editor);
      STET_EVENT_TYPES(STET_CASE)
#undef STET_CASE
  }
  return absl::UnimplementedError("unknown event type");
}

}  // namespace

absl::Status Apply(const EventRef& event, State& state, Effects* effects) {
  absl::Status status = ApplyUnsettled(event, state, effects);
  Settle(state);
  return status;
}

absl::Status ApplyUnsettled(const EventRef& event, State& state, Effects* effects) {
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

Execution* LiveExecution(Editor& editor) {
  Execution* execution = editor.execution(editor.event().stream);
  return execution != nullptr && !IsTerminal(execution->state) ? execution : nullptr;
}

Execution* RunningExecution(Editor& editor) {
  Execution* execution = editor.execution(editor.event().stream);
  const bool runs = execution != nullptr && execution->state == ExecutionState::kRunning;
  return runs ? execution : nullptr;
}

}  // namespace stet::core
