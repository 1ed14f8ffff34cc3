// What a writer takes: limits that follow from the options, and how they nest.
#pragma once

#include <cstdint>
#include <span>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "stet/wal/options.h"
#include "stet/wal/record.h"
#include "wal/format.h"

namespace stet::wal {

// Options::batches_in_flight_max goes up to here.
inline constexpr uint32_t kBatchesInFlightMax = 64;

// Room that a segment keeps for the batch that ends it.
uint64_t SegmentEndBytesMax(uint64_t segment_bytes, uint64_t align);

// What a group takes in a batch.
struct GroupSize {
  uint64_t body_bytes = 0;
  uint64_t payload_bytes = 0;
};

// Errors: InvalidArgument for an empty group; OutOfRange for a record or group over its limit.
absl::StatusOr<GroupSize> Measure(std::span<const NewRecord> group, uint64_t segment_bytes_max,
                                  uint64_t align);

}  // namespace stet::wal
