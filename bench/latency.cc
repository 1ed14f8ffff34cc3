// What is printed of a histogram.
#include "bench/latency.h"

namespace stet::bench {

Samples Describe(const walbench::Histogram& latencies, int64_t elapsed_ns) {
  const double seconds = static_cast<double>(elapsed_ns) / 1e9;
  return {{"rate", static_cast<double>(latencies.count()) / seconds, "1/s"},
          {"p50", latencies.QuantileMicros(0.5), "us"},
          {"p99", latencies.QuantileMicros(0.99), "us"}};
}

Samples Latencies::Describe(int64_t elapsed_ns) const { return bench::Describe(*this, elapsed_ns); }

}  // namespace stet::bench
