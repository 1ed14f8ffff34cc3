// How many batches may be on their way to the disk at once.
#include "wal/flight_control.h"

#include <algorithm>
#include <utility>

namespace stet::wal {
namespace {

constexpr uint32_t kPeriodMin = 16;
constexpr uint32_t kUnhurriedMax = 64;
constexpr uint32_t kBackoffMin = 4;
constexpr uint32_t kBackoffMax = 1024;

// A second durable write gains little beside the first, whose flush it queues behind; four gain much.
constexpr uint32_t kStepUp = 4;

// More depth has to bring this much; less depth may cost this much.
constexpr double kWorthMore = 1.15;
constexpr double kWorthLess = 0.95;

}  // namespace

void FlightControl::Completed(uint64_t bytes, int64_t submitted_ns, int64_t now_ns) {
  const int64_t latency = now_ns - submitted_ns;
  latency_ns_ = latency_ns_ == 0 ? latency : latency_ns_ + (latency - latency_ns_) / 8;
  if (!waiting_) {
    // No queue: the rate is what the callers ask for and says nothing about the disk.
    count_ = 0;
    used_ = std::max(used_, flying_);
    if (++unhurried_ >= kUnhurriedMax) ShrinkToUse();
    return;
  }
  unhurried_ = used_ = 0;
  if (count_++ == 0) {
    begin_ns_ = now_ns;
    bytes_ = 0;
    return;
  }
  bytes_ += bytes;
  if (count_ <= kPeriodMin + 4 * limit_) return;
  count_ = 1;
  const double took = static_cast<double>(std::max<int64_t>(now_ns - begin_ns_, 1));
  const double rate = static_cast<double>(bytes_) / took;
  begin_ns_ = now_ns;
  bytes_ = 0;
  if (settling_) {
    settling_ = false;
    return;
  }
  Decide(rate);
}

void FlightControl::Restart() {
  SetLimit(limit_min_);
  trial_ = Trial::kNone;
  up_next_ = true;
  patience_ = 1;
  backoff_ = kBackoffMin;
  unhurried_ = used_ = 0;
}

// Callers who keep more than half of limit() on their way use it, even if nothing waits: to take
// depth away would make them wait.
void FlightControl::ShrinkToUse() {
  const bool in_use = 2 * std::exchange(used_, 0) > limit_;
  unhurried_ = 0;
  trial_ = Trial::kNone;
  patience_ = backoff_;
  if (in_use) return;
  if (limit_ <= 2) return Restart();
  SetLimit(limit_ / 2);
}

void FlightControl::Decide(double rate) {
  switch (trial_) {
    case Trial::kNone:
      rate_ = rate;
      if (--patience_ == 0) Try();
      return;
    case Trial::kUp:
      return rate > rate_ * kWorthMore ? Keep(rate) : GoBack();
    case Trial::kDown:
      return rate > rate_ * kWorthLess ? Keep(rate) : GoBack();
  }
}

void FlightControl::Try() {
  before_ = limit_;
  patience_ = backoff_;
  const bool up = limit_ < limit_max_ && (up_next_ || limit_ == limit_min_);
  if (!up && limit_ == limit_min_) return;
  trial_ = up ? Trial::kUp : Trial::kDown;
  SetLimit(up ? std::min(kStepUp * limit_, limit_max_) : std::max(limit_ / 2, limit_min_));
}

// And further in the same direction.
void FlightControl::Keep(double rate) {
  up_next_ = trial_ == Trial::kUp;
  trial_ = Trial::kNone;
  rate_ = rate;
  backoff_ = kBackoffMin;
  Try();
}

void FlightControl::GoBack() {
  up_next_ = trial_ == Trial::kDown;
  trial_ = Trial::kNone;
  SetLimit(before_);
  backoff_ = std::min(2 * backoff_, kBackoffMax);
  patience_ = backoff_;
}

void FlightControl::SetLimit(uint32_t limit) {
  settling_ = limit != limit_;
  limit_ = limit;
  count_ = 0;
}

}  // namespace stet::wal
