// How a task is retried, and how long it may take.
#pragma once

#include <cstdint>

#include <absl/time/time.h>

#pragma GCC visibility push(default)

namespace stet {

// The delay before the next attempt.  `n` counts finished attempts from 1; the result is stored in
// the log as the attempt's wake time, so a changed policy never moves a retry that already waits.
enum class BackoffKind : uint8_t {
  kFixed,        // base
  kLinear,       // min(base * n, cap)
  kExponential,  // min(base * factor^(n - 1), cap)
};

struct Backoff {
  BackoffKind kind = BackoffKind::kExponential;
  absl::Duration base = absl::Seconds(1);  // > 0
  double factor = 2.0;                     // >= 1; exponential only
  absl::Duration cap = absl::Minutes(5);   // >= base; ignored by kFixed
  double jitter = 0.25;  // 0..1: the delay is multiplied by 1 +- jitter, from a hash of the attempt

  static Backoff Fixed(absl::Duration delay) {
    return {.kind = BackoffKind::kFixed, .base = delay, .jitter = 0};
  }
  friend bool operator==(const Backoff&, const Backoff&) = default;
};

struct RetryPolicy {
  uint32_t max_attempts = 1;  // >= 1: bounds attempts that reported a failure or timed out
  uint32_t max_lost = 10;     // >= 1: bounds attempts whose process or worker vanished
  Backoff backoff = {};
  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

// Bounds what is started of one activity.  0: no limit.
struct ActivityLimit {
  uint32_t concurrency = 0;                   // attempts that run at once
  uint32_t starts = 0;                        // attempts that start within any `per`
  absl::Duration per = absl::ZeroDuration();  // > 0 if `starts` is
  friend bool operator==(const ActivityLimit&, const ActivityLimit&) = default;
};

}  // namespace stet

#pragma GCC visibility pop
