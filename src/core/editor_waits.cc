// Waits and what they wait for: signals, children, delays.
#include <cassert>
#include <memory>

#include "core/digest.h"
#include "core/editor.h"
#include "core/waits.h"

namespace stet::core {
namespace {

SignalBox& BoxOf(Execution& execution) {
  if (execution.signals == nullptr) execution.signals = std::make_unique<SignalBox>();
  return *execution.signals;
}

}  // namespace

void Editor::BeginWait(Execution& execution, uint32_t task) {
  const TaskSlot& slot = execution.tasks[task];
  assert(slot.waits);
  Effect effect = {.task = task, .execution = execution.id, .token = slot.token()};
  switch (WaitOf(*execution.definition, task)) {
    case Wait::kNone:
    case Wait::kTimer:
      break;
    case Wait::kSignal:
      BoxOf(execution).BeginWait(SignalOf(*execution.definition, task),
                                 {.attempt = slot.order, .task = task});
      break;
    case Wait::kChild:
    case Wait::kMap:
      effect.kind = Effect::Kind::kStartChild;
      Emit(effect);
      break;
  }
  if (slot.due_at == 0) return;
  effect.kind = Effect::Kind::kWaitTimer;
  effect.at_ns = slot.due_at;
  Emit(effect);
}

void Editor::EndWait(Execution& execution, uint32_t task, int64_t time) {
  const TaskSlot& slot = execution.tasks[task];
  if (!slot.waits) return;
  if (slot.due_at > time) {
    Emit({.kind = Effect::Kind::kWaitEnded,
          .task = task,
          .execution = execution.id,
          .token = slot.token(),
          .at_ns = slot.due_at});
  }
  const Wait wait = WaitOf(*execution.definition, task);
  if (wait == Wait::kSignal) {
    execution.signals->EndWait(SignalOf(*execution.definition, task),
                               {.attempt = slot.order, .task = task});
  }
  if (wait == Wait::kMap) LetGoItems(execution, task);
  if (wait != Wait::kChild) return;
  if (const Execution* child = ChildOf(state_, execution, task)) LetGo(child->id);
}

// The child, if there is one, is its own from now on: cancelled, if it has not ended.
void Editor::LetGo(uint64_t id) {
  Execution& child = *execution(id);
  child.parent.attempt = 0;
  child.to_cancel = child.state == ExecutionState::kRunning && !child.cancel_requested;
  if (child.to_cancel) Emit({.kind = Effect::Kind::kCancelChild, .execution = child.id});
  Touch(child);
}

void Editor::AddSignal(Execution& execution, std::string_view name, const PayloadRef& payload,
                       const KeyHash* id) {
  SignalBox& box = BoxOf(execution);
  box.Add(name, event_.seq, payload);
  state_.digest_ += DigestOfSignal(execution.id, name, event_.seq, payload);
  if (id == nullptr) return;
  const SignalBox::SeenId seen = {.id = *id, .seq = event_.seq};
  if (const auto forgotten = box.Remember(seen)) {
    state_.digest_ -= DigestOfSignalId(execution.id, *forgotten);
  }
  state_.digest_ += DigestOfSignalId(execution.id, seen);
}

PayloadRef Editor::TakeSignal(Execution& execution, std::string_view name, uint64_t seq) {
  const PayloadRef payload = execution.signals->Take(name, seq);
  state_.digest_ -= DigestOfSignal(execution.id, name, seq, payload);
  return payload;
}

}  // namespace stet::core
