// fio as a reference: the same blocks, number in flight and kind of sync, by a program that all know.
#pragma once

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "bench/harness.h"

namespace stet::bench {

// Which sync: O_DSYNC writes, one by one; or an fdatasync after each `in_flight` writes.
enum class FioSync : uint8_t { kDurableWrite, kFlushAfterBatch };

// Runs fio's io_uring engine with direct I/O over a prewritten file that no page is cached of.
// rate, p50 and p99 of writes.  Errors: Unavailable if there is no fio.
absl::StatusOr<Samples> Fio(const std::string& folder, FioSync sync, uint32_t block_bytes,
                            uint32_t in_flight, double seconds);

}  // namespace stet::bench
