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

// Options whose first segment is a pool of `bytes`, filled with zeros before the first append; no
// other segment is made meanwhile.
wal::Options PoolOptions(std::string directory, uint64_t bytes);

// A pool that a load of so many MB/s does not use up in `seconds`; at most 2 GiB, a segment's limit.
uint64_t PoolBytes(double megabytes_per_second, double seconds);

// rate, p50 and p99 of append to release, records and KiB per batch, the pool, and `costs`.
absl::StatusOr<Samples> Produce(const Production& production, Costs* costs);

// Appends without waiting for anything but the window; the time ends when all is durable.
// rate, MB/s, the pool, and `costs`.
absl::StatusOr<Samples> Flood(const Production& production, Costs* costs);

}  // namespace stet::bench
