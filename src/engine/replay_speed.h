// How long replay takes: what tells when a snapshot is due.
#pragma once

#include <cstdint>

#include <absl/time/time.h>

namespace stet::engine {

// The log behind a snapshot.
struct LogTail {
  uint64_t events = 0;
  uint64_t bytes = 0;  // of their records
};

// A cost for each event and one for each byte, scaled by what was measured.
class ReplaySpeed {
 public:
  // Replaying `tail` took `time`.  What is too short to tell counts for nothing.
  void Measured(const LogTail& tail, absl::Duration time);
  bool measured() const { return measured_; }

  absl::Duration Estimate(const LogTail& tail) const;

 private:
  double slowness_ = 1;
  bool measured_ = false;
};

}  // namespace stet::engine
