// The operating system's clock.
#include "stet/clock.h"

#include <time.h>

namespace stet {
namespace {

class OsClock final : public Clock {
 public:
  absl::Time Wall() override { return absl::TimeFromTimespec(Read(CLOCK_REALTIME)); }
  absl::Duration Monotonic() override { return absl::DurationFromTimespec(Read(CLOCK_MONOTONIC)); }

 private:
  static timespec Read(clockid_t id) {
    timespec time{};
    clock_gettime(id, &time);  // Fails for an unknown clock only.
    return time;
  }
};

}  // namespace

Clock* SystemClock() {
  static OsClock clock;
  return &clock;
}

}  // namespace stet
