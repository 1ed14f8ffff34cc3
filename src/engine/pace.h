// How long work that nobody waits for goes on beside the loop: in short pieces, with rests while the loop is busy.
//
// A lower priority is not enough: the memory and the disk are shared as well, and who is woken may have to wait for
// the end of another's slice.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/time/time.h>

#include "base/mutex.h"

namespace stet::engine {

// One thread works by it; any thread may give the work up.
class Pace {
 public:
  // Never rests.
  Pace() = default;
  // Rests when `turns`, which counts what the loop does, has grown during a piece.  It must outlive the pace.
  explicit Pace(const std::atomic<uint64_t>* turns) : turns_(turns) {}
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

  // To be called often by who works: rests when a piece is over.  Cancelled once the work was given up.
  absl::Status Go() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Each ends a rest, too.
  void GiveUp() ABSL_LOCKS_EXCLUDED(mutex_);
  // No rests any more: somebody needs the work done.
  void Hurry() ABSL_LOCKS_EXCLUDED(mutex_);

  // All rests so far; of who works.
  absl::Duration rested() const { return absl::FromChrono(rested_); }

 private:
  using Time = std::chrono::steady_clock;

  void Rest(std::chrono::nanoseconds piece) const ABSL_LOCKS_EXCLUDED(mutex_);

  const std::atomic<uint64_t>* const turns_ = nullptr;  // null: it never rests
  std::atomic<bool> given_up_ = false;
  std::atomic<bool> hurried_ = false;

  // Of the thread that works: going on changes nothing that it was asked to do.
  mutable Time::time_point piece_begin_ = {};
  mutable uint64_t turns_before_ = 0;
  mutable std::chrono::nanoseconds rested_ = std::chrono::nanoseconds(0);

  mutable Mutex mutex_;
  mutable Condition changed_;
};

}  // namespace stet::engine
