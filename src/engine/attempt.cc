// Stopping an attempt, and sleeping until it is stopped.
#include "engine/attempt.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace stet::engine {
namespace {

// Condition variables overflow at the far end of time.
constexpr absl::Duration kNapMax = absl::Hours(1);

}  // namespace

void Attempt::Reset() {
  input = nullptr;
  signal = nullptr;
  upstream.clear();
  deadline = absl::InfiniteFuture();
  result = absl::StatusOr<Payload>();
  stored.reset();
  steps.clear();
  checkpoint = nullptr;
  state = nullptr;
  grace_ns = 0;
  silence_ns = 0;
  heartbeat_ns = 0;
  non_retryable = {};
  // Relaxed: the next worker gets the attempt through a lock.  An ordered store would wait here for all
  // of the above, whose lines the last worker's core still holds.
  saves_state_.store(false, std::memory_order_relaxed);
  steps_recorded.store(0, std::memory_order_relaxed);
  beat_ns_.store(0, std::memory_order_relaxed);
  if (has_steps_.load(std::memory_order_relaxed)) {
    has_steps_.store(false, std::memory_order_relaxed);
    MutexLock lock(mutex_);
    occurrences_.clear();
  }
  stop_.store(StopReason::kNone, std::memory_order_relaxed);
}

void Attempt::Stop(StopReason reason) {
  if (reason == StopReason::kDisowned) {
    stop_.store(reason);
  } else {
    StopReason none = StopReason::kNone;
    if (!stop_.compare_exchange_strong(none, reason)) return;
  }
  MutexLock lock(mutex_);  // A sleeper has either seen the flag or waits by now.
  changed_.NotifyAll();
}

uint32_t Attempt::TakeOccurrence(std::string_view name) {
  has_steps_ = true;
  MutexLock lock(mutex_);
  const auto at = occurrences_.find(name);
  return at != occurrences_.end() ? ++at->second : ++occurrences_[std::string(name)];
}

void Attempt::GiveBackOccurrence(std::string_view name, uint32_t occurrence) {
  MutexLock lock(mutex_);
  const auto at = occurrences_.find(name);
  if (at != occurrences_.end() && at->second == occurrence) --at->second;
}

void Attempt::SaveState(Payload next) {
  MutexLock lock(mutex_);
  saved_ = std::move(next);
  saves_state_ = true;
}

std::optional<Payload> Attempt::saved_state() const {
  if (!saves_state_) return std::nullopt;
  MutexLock lock(mutex_);
  return saved_;
}

bool Attempt::SleepFor(absl::Duration duration) {
  // One that is stopped may have outlived the engine, and its clock.
  if (stopped() != StopReason::kNone) return false;
  const absl::Duration end = clock->Monotonic() + duration;
  MutexLock lock(mutex_);
  while (stopped() == StopReason::kNone) {
    const absl::Duration left = end - clock->Monotonic();
    if (left <= absl::ZeroDuration()) return true;
    changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(std::min(left, kNapMax)));
  }
  return false;
}

}  // namespace stet::engine
