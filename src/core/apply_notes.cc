// Events of what attempts record while they run: steps, checkpoints, metadata.
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/appliers.h"
#include "core/apply.h"
#include "core/check_workflow.h"
#include "core/payload_ref.h"
#include "core/waits.h"
#include "schema/parse.h"

namespace stet::core {
namespace {

std::string Text(const flatbuffers::String* text) { return std::string(TextOf(text)); }

// The execution, if the attempt that reports owns the task's run.
template <class Event>
Execution* ExecutionOfOwner(const Event& event, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  if (execution == nullptr || event.task() >= execution->tasks.size()) return nullptr;
  const TaskSlot& slot = execution->tasks[event.task()];
  const bool owns =
      slot.state == TaskState::kRunning && !slot.waits && slot.order == event.attempt_seq();
  return owns ? execution : nullptr;
}

absl::Status NoOwner(uint32_t task, uint64_t attempt_seq) {
  return Contradiction(fmt::format("attempt {} does not own task {}", attempt_seq, task));
}

}  // namespace

absl::Status ApplyEvent(const fb::StepRecorded& event, Editor& editor) {
  Execution* execution = ExecutionOfOwner(event, editor);
  if (execution == nullptr) return NoOwner(event.task(), event.attempt_seq());
  StepKey key = {.name = Text(event.name()), .occurrence = event.occurrence()};
  if (!IsName(key.name)) return Contradiction("the step's name is none");
  const RunNotes* notes = execution->notes.Find(event.task());
  if (notes != nullptr && notes->steps.size() >= kStepsMax) {
    return Contradiction("its run has too many steps");
  }
  const PayloadRef result = MakePayloadRef(editor.event().seq, TextOf(event.result()),
                                           ContentTypeOf(event.content_type()));
  if (!editor.AddStep(*execution, event.task(), std::move(key), result)) {
    return Contradiction(fmt::format("step '{}', {}, is recorded already", TextOf(event.name()),
                                     event.occurrence()));
  }
  editor.Touch(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::CheckpointRecorded& event, Editor& editor) {
  Execution* execution = ExecutionOfOwner(event, editor);
  if (execution == nullptr) return NoOwner(event.task(), event.attempt_seq());
  editor.SetCheckpoint(*execution, event.task(),
                       MakePayloadRef(editor.event().seq, TextOf(event.checkpoint()),
                                      ContentTypeOf(event.content_type())));
  editor.Touch(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::MapExpanded& event, Editor& editor) {
  Execution* execution = LiveExecution(editor);
  const uint32_t task = event.task();
  if (execution == nullptr || task >= execution->tasks.size()) {
    return Contradiction("no execution runs there");
  }
  const TaskSlot& slot = execution->tasks[task];
  const bool waits = slot.waits && slot.order == event.attempt_seq() &&
                     WaitOf(*execution->definition, task) == Wait::kMap;
  if (!waits) return NoOwner(task, event.attempt_seq());
  if (execution->cancelling()) return Contradiction("it is cancelled");
  if (ProgressOf(*execution, task).expanded()) return Contradiction("it was expanded before");
  if (event.items() > kMapItemsMax) {
    return Contradiction(fmt::format("{} items, {} are allowed", event.items(), kMapItemsMax));
  }
  editor.ExpandMap(*execution, task, event.items());
  editor.Touch(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::StateSaved& event, Editor& editor) {
  Execution* execution = ExecutionOfOwner(event, editor);
  if (execution == nullptr) return NoOwner(event.task(), event.attempt_seq());
  if (KindOf(execution->definition->extra(event.task())) != TaskKind::kStateful) {
    return Contradiction(fmt::format("task {} is not stateful", event.task()));
  }
  editor.SetState(*execution, event.task(),
                  MakePayloadRef(editor.event().seq, TextOf(event.state()),
                                 ContentTypeOf(event.content_type())));
  editor.Touch(*execution);
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::MetadataSet& event, Editor& editor) {
  Execution* execution = ExecutionOfOwner(event, editor);
  if (execution == nullptr) return NoOwner(event.task(), event.attempt_seq());
  const std::string_view key = TextOf(event.key());
  const std::string_view value = TextOf(event.value());
  if (!IsName(key)) return Contradiction("its key is no name");
  if (value.size() > kMetadataValueBytesMax) return Contradiction("its value is too large");
  if (const RunNotes* notes = execution->notes.Find(event.task())) {
    const auto at = notes->metadata.find(key);
    const bool is_new = at == notes->metadata.end();
    if (!is_new && at->second == value) return Contradiction("it has that value already");
    if (is_new && notes->metadata.size() >= kMetadataMax) {
      return Contradiction("the task has too much metadata");
    }
  }
  editor.SetMetadata(*execution, event.task(), key, value);
  editor.Touch(*execution);
  return absl::OkStatus();
}

}  // namespace stet::core
