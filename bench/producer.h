// One thread that drives a wal::Writer and keeps a number of records between append and release.
#pragma once

#include <cstddef>
#include <cstdint>

#include <absl/status/statusor.h>

#include "bench/costs.h"
#include "bench/harness.h"
#include "stet/wal/options.h"

namespace stet::bench {

struct Production {
  wal::Options options = {};
  size_t outstanding = 1;
  size_t payload_bytes = 100;
  double seconds = 1;
  // Ends early when so much was written: within a first segment of at least that size nothing is
  // rotated and nothing zeroed meanwhile.  0: no limit.
  uint64_t pool_bytes = 0;
};

// Options whose first segment is a pool of `bytes`, filled with zeros before the first append.
wal::Options PoolOptions(std::string directory, uint64_t bytes);

// A pool that `outstanding` records of 100 B do not use up within a second or so.
uint64_t PoolBytes(size_t outstanding);

// rate, p50 and p99 of append to release, records and KiB per batch, and `costs`.
absl::StatusOr<Samples> Produce(const Production& production, Costs* costs);

// Appends without waiting for anything but the window; the time ends when all is durable.
// rate, MB/s, and `costs`.
absl::StatusOr<Samples> Flood(const Production& production, Costs* costs);

}  // namespace stet::bench
