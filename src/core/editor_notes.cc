// What attempts record while they run.
#include <string>
#include <utility>

#include "core/digest.h"
#include "core/editor.h"

namespace stet::core {

void Editor::AddStep(Execution& execution, uint32_t task, StepKey key, const PayloadRef& result) {
  RunNotes& notes = execution.notes.Of(task);
  const auto [at, is_new] = notes.steps.try_emplace(std::move(key), result);
  if (is_new) state_.digest_ += DigestOfStep(*at, execution.id, task);
}

void Editor::SetCheckpoint(Execution& execution, uint32_t task, const PayloadRef& checkpoint) {
  RunNotes& notes = execution.notes.Of(task);
  state_.digest_ -= DigestOfCheckpoint(notes.checkpoint, execution.id, task);
  notes.checkpoint = checkpoint;
  state_.digest_ += DigestOfCheckpoint(notes.checkpoint, execution.id, task);
}

void Editor::SetMetadata(Execution& execution, uint32_t task, std::string_view key,
                         std::string_view value) {
  RunNotes& notes = execution.notes.Of(task);
  const auto [at, is_new] = notes.metadata.try_emplace(std::string(key));
  if (!is_new) state_.digest_ -= DigestOfMetadata(*at, execution.id, task);
  at->second = value;
  state_.digest_ += DigestOfMetadata(*at, execution.id, task);
}

void Editor::ForgetRun(Execution& execution, uint32_t task) {
  if (execution.notes.Find(task) == nullptr) return;
  RunNotes& notes = execution.notes.Of(task);
  for (const auto& step : notes.steps) state_.digest_ -= DigestOfStep(step, execution.id, task);
  state_.digest_ -= DigestOfCheckpoint(notes.checkpoint, execution.id, task);
  notes.steps.clear();
  notes.checkpoint = {};
  if (notes.metadata.empty()) execution.notes.Erase(task);
}

}  // namespace stet::core
