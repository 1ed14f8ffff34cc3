// Buckets that grow with the value: exact below 256 ns, 128 for each power of two above.
#include "tools/walbench/histogram.h"

#include <time.h>

#include <algorithm>
#include <bit>

namespace stet::walbench {
namespace {

constexpr uint64_t kExact = 256;
constexpr uint64_t kPerPower = 128;
constexpr uint64_t kPowers = 34;  // up to about an hour

size_t BucketOf(uint64_t nanos) {
  if (nanos < kExact) return nanos;
  const auto shift = static_cast<uint64_t>(std::bit_width(nanos)) - 8;
  return std::min(kExact + shift * kPerPower + (nanos >> shift) - 2 * kPerPower,
                  kExact + kPowers * kPerPower - 1);
}

// The middle of a bucket.
double NanosOf(size_t bucket) {
  if (bucket < kExact) return static_cast<double>(bucket);
  const uint64_t shift = (bucket - kExact) / kPerPower + 1;
  const uint64_t steps = (bucket - kExact) % kPerPower + kPerPower;
  return (static_cast<double>(steps) + 0.5) * static_cast<double>(uint64_t{1} << shift);
}

}  // namespace

int64_t NowNanos() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

Histogram::Histogram() : buckets_(kExact + kPowers * kPerPower) {}

void Histogram::Add(int64_t nanos, uint64_t count) {
  nanos = std::max(nanos, int64_t{0});
  buckets_[BucketOf(static_cast<uint64_t>(nanos))] += count;
  count_ += count;
  max_ = std::max(max_, nanos);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

double Histogram::QuantileMicros(double share) const {
  if (count_ == 0) return 0;
  const double longest = static_cast<double>(max_) / 1e3;
  if (share >= 1) return longest;
  const auto before = static_cast<uint64_t>(static_cast<double>(count_ - 1) * share);
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > before) return std::min(NanosOf(i) / 1e3, longest);
  }
  return longest;
}

}  // namespace stet::walbench
