// Durations of many operations, and the few numbers that describe them.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/harness.h"

namespace stet::bench {

// CLOCK_MONOTONIC in ns.
int64_t NowNanos();

class Latencies {
 public:
  void Add(int64_t nanos) { nanos_.push_back(nanos); }
  void Merge(const Latencies& other) {
    nanos_.insert(nanos_.end(), other.nanos_.begin(), other.nanos_.end());
  }
  size_t count() const { return nanos_.size(); }

  // The smallest duration that `share` (0..1) of all do not exceed, in us; 0 without any.
  double QuantileMicros(double share);

  // rate (per second of `elapsed_ns`), p50 and p99.
  Samples Describe(int64_t elapsed_ns);

 private:
  std::vector<int64_t> nanos_;
};

}  // namespace stet::bench
