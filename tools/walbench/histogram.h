// Durations of many operations in little memory: quantiles within one percent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stet::walbench {

// CLOCK_MONOTONIC in ns.
int64_t NowNanos();

// Counts per bucket; a bucket is at most 1/128 of its value wide, so that hundreds of millions of
// durations cost no more than a few.
class Histogram {
 public:
  Histogram();

  void Add(int64_t nanos, uint64_t count = 1);
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }

  // The smallest duration that `share` (0..1) of all do not exceed, in us; 0 without any.  1 gives
  // the exact maximum.
  double QuantileMicros(double share) const;

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
};

}  // namespace stet::walbench
