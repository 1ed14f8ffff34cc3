// Map tasks: how far they are, and what they ask for next.
#include <cassert>

#include "core/digest.h"
#include "core/editor.h"
#include "core/waits.h"

namespace stet::core {

void Editor::ExpandMap(Execution& execution, uint32_t task, uint32_t items) {
  RunNotes& notes = execution.notes.Of(task);
  assert(!notes.map.expanded());
  notes.map = {.items = items + 1};
  state_.digest_ += DigestOfMap(notes, execution.id, task);
  AskForItems(execution, task);
}

void Editor::CountItem(const Parent& parent, const MapProgress& more) {
  if (parent.item == 0 || parent.attempt == 0) return;
  Execution& execution = *this->execution(parent.execution);
  MapProgress& map = execution.notes.Of(parent.task).map;
  map.started += more.started;
  map.ended += more.ended;
  map.failed += more.failed;
  AskForItems(execution, parent.task);
}

void Editor::UncountItem(const Execution& item) {
  const Parent& parent = item.parent;
  if (parent.item == 0 || parent.attempt == 0) return;
  Execution& execution = *this->execution(parent.execution);
  MapProgress& map = execution.notes.Of(parent.task).map;
  --map.ended;
  if (item.state != ExecutionState::kCompleted) --map.failed;
  AskForItems(execution, parent.task);
}

void Editor::AskForItems(const Execution& execution, uint32_t task) {
  Effect effect = {.task = task, .execution = execution.id, .token = execution.tasks[task].token()};
  if (MayStartItem(execution, task)) {
    effect.kind = Effect::Kind::kStartChild;
    Emit(effect);
  }
  if (HasAllItems(execution, task)) {
    effect.kind = Effect::Kind::kReadChild;
    Emit(effect);
  }
}

// The executions of items are their own from now on: cancelled, if they have not ended.
void Editor::LetGoItems(Execution& execution, uint32_t task) {
  if (execution.notes.Find(task) == nullptr) return;
  RunNotes& notes = execution.notes.Of(task);
  for (uint32_t item = 1; item <= notes.map.started; ++item) {
    if (const Execution* child = ItemOf(state_, execution, task, item)) LetGo(child->id);
  }
  state_.digest_ -= DigestOfMap(notes, execution.id, task);
  notes.map = {};
  if (notes.empty()) execution.notes.Erase(task);
}

}  // namespace stet::core
