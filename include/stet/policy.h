// How a task is retried, repeated and undone, and how long it may take.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <absl/status/status.h>
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

// A set of status codes.
class CodeSet {
 public:
  constexpr CodeSet() = default;
  constexpr CodeSet(std::initializer_list<absl::StatusCode> codes) {
    for (const absl::StatusCode code : codes) bits_ |= Bit(code);
  }
  // Of bits(); bits that stand for no code are dropped.
  static constexpr CodeSet FromBits(uint32_t bits) {
    CodeSet set;
    set.bits_ = bits & kAllBits;
    return set;
  }
  constexpr bool Has(absl::StatusCode code) const { return (bits_ & Bit(code)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr uint32_t bits() const { return bits_; }  // bit c stands for the code of number c
  friend constexpr bool operator==(const CodeSet&, const CodeSet&) = default;

 private:
  static constexpr uint32_t kAllBits = (1U << 17) - 1;  // absl's codes are 0..16
  static constexpr uint32_t Bit(absl::StatusCode code) {
    return (1U << (static_cast<unsigned>(code) & 31U)) & kAllBits;
  }
  uint32_t bits_ = 0;
};

struct RetryPolicy {
  uint32_t max_attempts = 1;  // >= 1: bounds attempts that reported a failure or timed out
  uint32_t max_lost = 10;     // >= 1: bounds attempts whose process or worker vanished
  Backoff backoff = {};
  // Failures with one of these codes end the run whatever its budget, as InvalidArgument,
  // Unimplemented and FailedPrecondition always do.  Not kOk.
  CodeSet non_retryable = {};
  // Since the run's first start: no attempt is begun after it.  > 0.
  std::optional<absl::Duration> deadline = std::nullopt;
  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

// How long a task may take, besides Task::timeout (start to close, of one attempt).  Each > 0.
struct Timeouts {
  // Ready to start: a run that no worker takes in time fails.
  std::optional<absl::Duration> schedule_to_start = std::nullopt;
  // Ready to end, retries included; not less than Task::timeout.
  std::optional<absl::Duration> schedule_to_close = std::nullopt;
  // Between two heartbeats of an attempt (ActivityContext::Heartbeat).  Commands of `stet` beat when they print.
  std::optional<absl::Duration> heartbeat = std::nullopt;
  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

// Runs whose keys are equal do not run at the same time, whatever their workflow.  A task that waits (for
// a signal, for an execution that it started) holds its key meanwhile: what it waits for must not need it.
struct ConcurrencyKey {
  // 1..255 bytes, no control characters; ${key} stands for the execution's key and ${input/a/b} for
  // a value in its input (a JSON pointer).
  std::string key = {};
  bool held_in_retry = false;  // keep the key while the run waits for its next attempt
  friend bool operator==(const ConcurrencyKey&, const ConcurrencyKey&) = default;
};

// How often a task runs once it is ready.  Its output is the last run's.
struct Once {
  friend bool operator==(const Once&, const Once&) = default;
};
struct Repeat {
  uint32_t count = 1;                              // >= 1: runs in all
  absl::Duration interval = absl::ZeroDuration();  // >= 0: from the end of one to the next
  friend bool operator==(const Repeat&, const Repeat&) = default;
};
struct Cron {
  // cron.h; UTC, on the engine's clock.  The first run, too, waits for a time.
  std::string expression = {};
  uint32_t max_occurrences = 1;  // >= 1: runs in all
  friend bool operator==(const Cron&, const Cron&) = default;
};
using RunPolicy = std::variant<Once, Repeat, Cron>;

// What becomes of a task when one that it depends on fails, or is skipped because of a failure.
enum class UpstreamFailure : uint8_t {
  kSkip,  // it is skipped, and what depends on it likewise
  kRun,   // it runs once all that it depends on has ended, however that ended
};

// Cleanup tasks run when all others have ended, if the execution ends as they say; a failure or a
// cancellation does not stop them.  What they depend on gives their order only: they run however
// that ended.  No other task may depend on one.
enum class Trigger : uint8_t {
  kNone,     // no cleanup task
  kSuccess,  // when the execution completes
  kFailure,  // when it fails
  kCancel,   // when it is cancelled
  kExit,     // in any case
};

// Wire names: snake_case.
std::string_view ToString(UpstreamFailure choice);
std::string_view ToString(Trigger trigger);
std::optional<Trigger> TriggerFrom(std::string_view name);

// Bounds what is started of one activity.  0: no limit.
struct ActivityLimit {
  uint32_t concurrency = 0;                   // attempts that run at once
  uint32_t starts = 0;                        // attempts that start within any `per`
  absl::Duration per = absl::ZeroDuration();  // > 0 if `starts` is
  friend bool operator==(const ActivityLimit&, const ActivityLimit&) = default;
};

}  // namespace stet

#pragma GCC visibility pop
