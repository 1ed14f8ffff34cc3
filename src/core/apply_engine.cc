// Events of the engine itself: epochs and definitions.
#include <fmt/format.h>

#include "core/appliers.h"

namespace stet::core {

absl::Status ApplyEvent(const fb::EngineOpened& event, Editor& editor) {
  if (event.epoch() <= editor.state().epoch()) {
    return Contradiction(
        fmt::format("epoch {} is not above {}", event.epoch(), editor.state().epoch()));
  }
  editor.OpenEpoch(event.epoch());
  if (!editor.state().lost_cursor().done) {
    editor.Emit({.kind = Effect::Kind::kContinue, .execution = 0});
  }
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::DefinitionChunk& event, Editor& editor) {
  return editor.AddChunk(event);
}

absl::Status ApplyEvent(const fb::DefinitionSealed& event, Editor& editor) {
  return editor.Seal(event);
}

}  // namespace stet::core
