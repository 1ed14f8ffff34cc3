// From bytes to a checked view of an event.  Bytes come from disk: nothing in them is believed
// before this.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "schema/pack.h"

namespace stet::schema {

// The table in `payload`, after FlatBuffers' verifier and the checks of meaning that need no state
// (enumerations in range, required parts present, sets not empty).  Valid as long as `payload`.
// Errors: DataLoss, naming the field.
// T: any table of event.fbs, and fb::DefinitionChunk.
template <class T>
absl::StatusOr<const T*> Parse(Bytes payload);

// The table in a payload that this process has packed or parsed before: nothing is checked again.
template <class T>
const T* Trusted(Bytes payload) {
  return flatbuffers::GetRoot<T>(payload.data());
}

// The same for a type known at run time.  Errors: also Unimplemented for an unknown type.
absl::Status Check(uint16_t type, Bytes payload);

}  // namespace stet::schema
