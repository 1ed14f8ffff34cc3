// Quantiles by selection.
#include "bench/latency.h"

#include <time.h>

#include <algorithm>

namespace stet::bench {

int64_t NowNanos() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

double Latencies::QuantileMicros(double share) {
  if (nanos_.empty()) return 0;
  const auto last = static_cast<double>(nanos_.size() - 1);
  const auto place = nanos_.begin() + static_cast<std::ptrdiff_t>(last * share);
  std::nth_element(nanos_.begin(), place, nanos_.end());
  return static_cast<double>(*place) / 1e3;
}

Samples Latencies::Describe(int64_t elapsed_ns) {
  return {{"rate", static_cast<double>(count()) / (static_cast<double>(elapsed_ns) / 1e9), "1/s"},
          {"p50", QuantileMicros(0.5), "us"},
          {"p99", QuantileMicros(0.99), "us"}};
}

}  // namespace stet::bench
