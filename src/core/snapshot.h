// A whole state as a sequence of parts (schema/snapshot.fbs); snapshot_decoder.h goes back.
//
// Where the parts are kept, and that they stay whole, is the shell's business.
#pragma once

#include <cstddef>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "core/event.h"
#include "core/state.h"
#include "schema/snapshot.fbs.h"

namespace stet::core {

using fb::SnapshotPart;

// Takes a part; its payload is valid during the call.
using SnapshotSink = absl::FunctionRef<absl::Status(SnapshotPart, Bytes)>;

inline constexpr size_t kSnapshotPartBytes = 1 << 20;

// Hands `state` to `sink`, in parts of about `part_bytes`.  Errors: those of `sink`.
absl::Status EncodeSnapshot(const State& state, SnapshotSink sink,
                            size_t part_bytes = kSnapshotPartBytes);

}  // namespace stet::core
