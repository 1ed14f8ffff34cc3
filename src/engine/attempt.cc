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
  saves_state_ = false;
  steps_recorded = 0;
  grace_ns = 0;
  silence_ns = 0;
  heartbeat_ns = 0;
  non_retryable = {};
  beat_ns_ = 0;
  if (has_steps_.exchange(false)) {
    MutexLock lock(mutex_);
    occurrences_.clear();
  }
  stop_.store(StopReason::kNone, std::memory_order_release);
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
