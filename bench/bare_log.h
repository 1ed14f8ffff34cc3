// The ceiling of a log with one batch in flight: nothing but framing, checksums and the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "bench/harness.h"

namespace stet::bench {

// One thread and a bare io_uring: events of 100 B behind a frame of 16 B with their XXH3, one
// RWF_DSYNC write of all that came meanwhile at a time, over a prewritten file of `pool_bytes`.
// `outstanding` events are between their framing and their completion.  Ends after `seconds`, or
// when the file is full.  No recovery, rotation, chain or watermark.
// Errors: Unavailable without io_uring.
absl::StatusOr<Samples> BareLog(const std::string& folder, size_t outstanding, uint64_t pool_bytes,
                                double seconds);

}  // namespace stet::bench
