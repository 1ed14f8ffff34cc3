// Event in, state changed.  The same function live and in replay.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "core/effect.h"
#include "core/event.h"
#include "core/state.h"

namespace stet::core {

// Applies one event.  `effects` collects what must be done outside (null in replay).
//
// Errors: DataLoss when the payload does not parse or the event contradicts the state (names the
// seq, the type and what is wrong); Unimplemented for an unknown type.  The state must not be used
// after an error.
absl::Status Apply(const EventRef& event, State& state, Effects* effects);

// The same, but for the digest: many events may follow each other, most often of the same executions, before
// Settle brings the digests up to date that they have left behind.  Until then State::digest() and == mean
// nothing.
absl::Status ApplyUnsettled(const EventRef& event, State& state, Effects* effects);
void Settle(State& state);

// A payload that an event carries for the user; the shell keeps it under the event's seq.  An event
// carries at most one.
struct CarriedPayload {
  enum class Kind : uint8_t { kInput, kOutput, kError, kSignal, kStep, kCheckpoint, kState };
  Kind kind = Kind::kInput;
  std::string_view bytes = {};  // points into the event
  std::string_view content_type = {};
};
// `event` must have been applied, or come from Decide.
std::optional<CarriedPayload> PayloadsIn(const EventRef& event);

// The seqs under which payloads are kept that the event, which is about to be applied, makes useless.
std::vector<uint64_t> PayloadsDroppedBy(const EventRef& event, const State& state);

}  // namespace stet::core
