// Events of waits: the end of a delay, a signal that came.
#include <fmt/format.h>

#include "core/appliers.h"
#include "core/payload_ref.h"

namespace stet::core {

absl::Status ApplyEvent(const fb::ExecutionBegun& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->start_at == 0) return Contradiction("it is not delayed");
  if (execution->start_at > event.time()) {
    return Contradiction(fmt::format("it is delayed until {}", execution->start_at));
  }
  execution->start_at = 0;
  editor.Touch(*execution);
  // Its first tasks follow in this group: what a log without them leaves is continued.
  editor.Emit({.kind = Effect::Kind::kContinue, .execution = execution->id});
  return absl::OkStatus();
}

absl::Status ApplyEvent(const fb::SignalReceived& event, Editor& editor) {
  Execution* execution = RunningExecution(editor);
  if (execution == nullptr) return Contradiction("no execution runs there");
  if (execution->cancel_requested) return Contradiction("it is cancelled");
  const SignalBox* box = execution->signals.get();
  // One more may be there while a task that waits for it takes it.
  if (box != nullptr && box->buffered().size() > kBufferedSignalsMax) {
    return Contradiction(fmt::format("{} signals wait already", box->buffered().size()));
  }
  const std::string_view id = TextOf(event.id());
  const KeyHash hash = HashOfKey(id);
  if (!id.empty() && box != nullptr && box->SeqOf(hash) != 0) {
    return Contradiction(fmt::format("signal '{}' was received before", id));
  }
  const PayloadRef payload = MakePayloadRef(editor.event().seq, TextOf(event.payload()),
                                            ContentTypeOf(event.content_type()));
  editor.AddSignal(*execution, event.name()->string_view(), payload, id.empty() ? nullptr : &hash);
  editor.Touch(*execution);
  return absl::OkStatus();
}

}  // namespace stet::core
