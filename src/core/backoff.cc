// Backoff with jitter, without randomness.
#include "core/backoff.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "stet/policy.h"

namespace stet::core {
namespace {

// Half of what fits, so that no sum with a time of this millennium overflows.
constexpr double kDelayMax = 4.6e18;

double WithoutJitter(const fb::TaskPolicy& policy, uint32_t n) {
  const auto base = static_cast<double>(policy.base());
  const auto cap = static_cast<double>(policy.cap());
  switch (static_cast<BackoffKind>(policy.backoff())) {
    case BackoffKind::kFixed:
      return base;
    case BackoffKind::kLinear:
      return std::min(base * n, cap);
    case BackoffKind::kExponential:
      return std::min(base * std::pow(policy.factor(), static_cast<double>(n) - 1), cap);
  }
  return base;
}

// 0 <= u < 1, from a hash of the attempt.
double UnitOf(uint64_t execution, uint32_t task, uint32_t n) {
  const std::array<uint64_t, 3> words = {execution, task, n};
  return static_cast<double>(XXH3_64bits(words.data(), sizeof(words)) >> 11) * 0x1.0p-53;
}

}  // namespace

int64_t RetryDelay(const fb::TaskPolicy& policy, uint32_t n, uint64_t execution, uint32_t task) {
  const double spread = policy.jitter() * (2 * UnitOf(execution, task, n) - 1);
  const double delay = WithoutJitter(policy, n) * (1 + spread);
  return static_cast<int64_t>(std::clamp(delay, 0.0, kDelayMax));
}

}  // namespace stet::core
