// Signals and schedules as parts of a snapshot.
#pragma once

#include <cstdint>

#include "core/snapshot.h"

namespace stet::core {

// Of all executions: signals that wait, and ids that are remembered.
uint64_t CountSignals(const State& state);
absl::Status EncodeSignals(const State& state, SnapshotSink sink, size_t part_bytes);
absl::Status EncodeSchedules(const State& state, SnapshotSink sink);

}  // namespace stet::core
