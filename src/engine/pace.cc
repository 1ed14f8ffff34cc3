// Pieces of work and rests.
#include "engine/pace.h"

#include <algorithm>

namespace stet::engine {
namespace {

// A thread that is woken meanwhile waits no longer than that.
constexpr std::chrono::nanoseconds kPiece = std::chrono::microseconds(250);
// A rest is so many times as long as the piece before it, of which a part may have been spent waiting for a processor.
constexpr int kRestFactor = 3;
constexpr std::chrono::nanoseconds kRestMax = std::chrono::milliseconds(50);

}  // namespace

absl::Status Pace::Go() const {
  if (given_up_.load(std::memory_order_relaxed)) return absl::CancelledError("snapshot: given up");
  if (turns_ == nullptr || hurried_.load(std::memory_order_relaxed)) return absl::OkStatus();
  const Time::time_point now = Time::now();
  const auto piece = now - piece_begin_;
  if (piece < kPiece) return absl::OkStatus();
  const bool first = piece_begin_ == Time::time_point();
  if (!first && turns_->load(std::memory_order_relaxed) != turns_before_) Rest(piece);
  turns_before_ = turns_->load(std::memory_order_relaxed);
  piece_begin_ = Time::now();
  return absl::OkStatus();
}

void Pace::Rest(std::chrono::nanoseconds piece) const {
  const Time::time_point begin = Time::now();
  const Time::time_point end = begin + std::min(kRestFactor * piece, kRestMax);
  MutexLock lock(mutex_);
  for (Time::time_point now = begin; now < end && !given_up_.load() && !hurried_.load();
       now = Time::now()) {
    changed_.WaitFor(mutex_, end - now);
  }
  rested_ += Time::now() - begin;
}

void Pace::Hurry() {
  if (hurried_.load(std::memory_order_relaxed)) return;
  MutexLock lock(mutex_);
  hurried_.store(true);
  changed_.NotifyAll();
}

void Pace::GiveUp() {
  MutexLock lock(mutex_);
  given_up_.store(true);
  changed_.NotifyAll();
}

}  // namespace stet::engine
