// The parts of a snapshot that hold what attempts recorded, concurrency keys and circuit breakers.
#pragma once

#include <cstddef>

#include <absl/status/status.h>

#include "core/snapshot.h"

namespace stet::core {

// Parts of kind Steps, Metadata and RunLimits.
absl::Status EncodeNotes(const State& state, SnapshotSink sink, size_t part_bytes);

absl::Status EncodeKeys(const State& state, SnapshotSink sink, size_t part_bytes);
absl::Status EncodeBreakers(const State& state, SnapshotSink sink, size_t part_bytes);
absl::Status EncodeLeases(const State& state, SnapshotSink sink, size_t part_bytes);

}  // namespace stet::core
