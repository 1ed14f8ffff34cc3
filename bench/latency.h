// Durations of many operations, and the few numbers that describe them.
#pragma once

#include <cstdint>

#include "bench/harness.h"
#include "tools/walbench/histogram.h"

namespace stet::bench {

using walbench::NowNanos;

class Latencies : public walbench::Histogram {
 public:
  // rate (per second of `elapsed_ns`), p50 and p99.
  Samples Describe(int64_t elapsed_ns) const;
};

// The same of a histogram that was filled elsewhere.
Samples Describe(const walbench::Histogram& latencies, int64_t elapsed_ns);

}  // namespace stet::bench
