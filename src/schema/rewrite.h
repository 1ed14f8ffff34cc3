// Changes the payloads of events where they lie: the seqs that they name, and what users have put into them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <absl/functional/function_ref.h>

#include "schema/event_type.h"

namespace stet::schema {

using MutableBytes = std::span<std::byte>;

// What a field of an event is to these two.
enum class FieldRole : uint8_t {
  kSeq,    // the seq of another event
  kBytes,  // the user's, of a content type
  kText,   // the user's words
};
struct FieldPlace {
  EventType type = EventType::None;
  uint16_t field = 0;  // its place in the table: fb::AttemptFinished::VT_OUTPUT
  FieldRole role = FieldRole::kSeq;
};

// All such fields of all events but DefinitionChunk, whose text its hash binds.
std::span<const FieldPlace> FieldPlaces();

// Puts number(seq) in the place of each seq that the payload names, in the key of a child too.  `payload` must have been taken by Check.
void Renumber(uint16_t type, MutableBytes payload,
              absl::FunctionRef<uint64_t(uint64_t seq)> number);

// Puts x's in the place of the user's bytes and words, as many as there were; two bytes or more become a JSON
// string.  Returns how many there were.  `payload` must have been taken by Check.
size_t Redact(uint16_t type, MutableBytes payload);

}  // namespace stet::schema
