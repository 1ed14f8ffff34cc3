// What is counted for metrics: a few additions per event, on the loop's thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <absl/time/time.h>

#include "core/event.h"
#include "core/state.h"

namespace stet::engine {

// How many values lie below each power of four, of a unit that its user chooses.
class Histogram {
 public:
  static constexpr size_t kBuckets = 16;

  // Negative ones count as 0.
  void Add(int64_t value) {
    const uint64_t positive = value > 0 ? static_cast<uint64_t>(value) : 0;
    // Bucket i holds what is at most 4^i.
    const auto bits = static_cast<size_t>(std::bit_width(positive == 0 ? 0 : positive - 1));
    const size_t bucket = (bits + 1) / 2;
    ++counts_[bucket < kBuckets ? bucket : kBuckets];
    sum_ += positive;
  }

  // Values of at most 4^i; those that are larger than all limits with i = kBuckets.
  uint64_t count(size_t i) const { return counts_[i]; }
  uint64_t sum() const { return sum_; }

 private:
  std::array<uint64_t, kBuckets + 1> counts_ = {};
  uint64_t sum_ = 0;
};

// Since the engine was opened.
struct Counts {
  uint64_t executions_started = 0;
  std::array<uint64_t, 3> executions_ended = {};  // by schema::ExecutionOutcome
  uint64_t attempts_started = 0;
  std::array<uint64_t, 6> attempts_ended = {};  // by schema::AttemptOutcome
  uint64_t retries = 0;                         // attempts behind which another follows
  uint64_t tasks_completed = 0;
  uint64_t tasks_failed = 0;
  uint64_t tasks_skipped = 0;
  uint64_t tasks_cancelled = 0;
  uint64_t tasks_dead_lettered = 0;
  Histogram queue_delay = {};     // microseconds from ready to started
  Histogram execution_time = {};  // microseconds from started to ended, of attempts
  Histogram commit_latency = {};  // microseconds from appended to released, sampled
  Histogram release_events = {};  // events that were released at once
};

// The loop's thread owns it.
class Meter {
 public:
  // To be called before the event is applied.
  void See(const core::EventRef& event, const core::State& before);

  // Events up to `seq` were appended, or released; `now` is steady.
  void Appended(uint64_t seq, absl::Duration now) {
    if (sample_seq_ != 0) return;
    sample_seq_ = seq;
    sample_at_ = now;
  }
  void Released(uint64_t seq, absl::Duration now);

  const Counts& counts() const { return counts_; }

 private:
  void SeeStart(const core::EventRef& event, const core::State& before);
  void SeeFinish(const core::EventRef& event, const core::State& before);

  Counts counts_;
  uint64_t released_ = 0;
  // One group at a time is timed.
  uint64_t sample_seq_ = 0;
  absl::Duration sample_at_ = absl::ZeroDuration();
};

}  // namespace stet::engine
