// How many batches may be on their way to the disk at once: as many as pay.
#pragma once

#include <cstdint>

namespace stet::wal {

// Climbs towards the depth with the highest rate.  It starts with one: small records gain more by
// gathering in a batch than by a second batch beside the first, whose flush queues behind the
// other's.  Only while batches have to wait for others is there anything to gain, and then a rate
// that rises is worth more than the latency of one write: what waits is served earlier by it.
class FlightControl {
 public:
  FlightControl(uint32_t limit_min, uint32_t limit_max)
      : limit_min_(limit_min), limit_max_(limit_max), limit_(limit_min), before_(limit_min) {}

  uint32_t limit() const { return limit_; }

  // How long a batch takes lately; 0 before the first.
  int64_t latency_ns() const { return latency_ns_; }

  // How many batches are on their way, and whether one could not be submitted because that is
  // limit().
  void NoteFlying(uint32_t flying, bool waiting) {
    flying_ = flying;
    waiting_ = waiting;
  }

  // A batch has completed; what was noted last held until then.
  void Completed(uint64_t bytes, int64_t submitted_ns, int64_t now_ns);

  // What was measured does not hold any more.
  void Restart();

 private:
  enum class Trial : uint8_t { kNone, kUp, kDown };

  void Decide(double rate);
  void Try();
  void Keep(double rate);
  void GoBack();
  void ShrinkToUse();
  void SetLimit(uint32_t limit);

  const uint32_t limit_min_;
  const uint32_t limit_max_;
  uint32_t limit_;
  int64_t latency_ns_ = 0;
  uint32_t flying_ = 0;
  bool waiting_ = false;
  uint32_t unhurried_ = 0;  // completions in a row behind which nothing waited
  uint32_t used_ = 0;       // the most that were on their way at one of them

  // The period that is being measured.
  uint32_t count_ = 0;
  uint64_t bytes_ = 0;
  int64_t begin_ns_ = 0;
  bool settling_ = false;  // of a limit that was just changed: measured from the next period on

  Trial trial_ = Trial::kNone;
  double rate_ = 0;  // at the limit before the trial
  uint32_t before_;
  bool up_next_ = true;
  uint32_t patience_ = 1;  // periods until the next trial
  uint32_t backoff_ = 4;
};

}  // namespace stet::wal
