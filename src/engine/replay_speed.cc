// Measured once, it scales what any machine needs.
#include "engine/replay_speed.h"

#include <algorithm>

namespace stet::engine {
namespace {

// About a machine of today: two million events and a gigabyte a second.
constexpr double kSecondsPerEvent = 500e-9;
constexpr double kSecondsPerByte = 1e-9;
constexpr absl::Duration kTellingTime = absl::Milliseconds(20);
// What lies beyond is no speed but an accident: a paused machine, a clock of a test.
constexpr double kFastest = 0.05;
constexpr double kSlowest = 50;

double Plain(const LogTail& tail) {
  return static_cast<double>(tail.events) * kSecondsPerEvent +
         static_cast<double>(tail.bytes) * kSecondsPerByte;
}

}  // namespace

void ReplaySpeed::Measured(const LogTail& tail, absl::Duration time) {
  if (time < kTellingTime || tail.events == 0) return;
  slowness_ = std::clamp(absl::ToDoubleSeconds(time) / Plain(tail), kFastest, kSlowest);
  measured_ = true;
}

absl::Duration ReplaySpeed::Estimate(const LogTail& tail) const {
  return absl::Seconds(Plain(tail) * slowness_);
}

}  // namespace stet::engine
