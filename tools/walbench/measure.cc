// Plans, and what the kernel counts.
#include "tools/walbench/measure.h"

#include <iterator>

namespace stet::walbench {
namespace {

constexpr size_t kRawOperations = 11;  // with the limit, of both interfaces

constexpr double kSmallSeconds = 8;

Plan Small() {
  return {.block_bytes = {4 << 10, 64 << 10},
          .in_flight = {1, 4, 16},
          .payload_bytes = {100},
          .producers = {1, 64},
          .rounds = 1,
          .file_bytes = 16 << 20,
          .segment_bytes = 16 << 20};
}

}  // namespace

Plan Plan::For(double seconds) {
  Plan plan = seconds < kSmallSeconds ? Small() : Plan();
  // The disk under the log matters more than the modes over it, and there are more cells.  The rest
  // goes into writing files.
  plan.raw_seconds = 0.6 * seconds / static_cast<double>(plan.RawSteps());
  plan.mode_seconds = 0.22 * seconds / static_cast<double>(plan.ModeSteps());
  return plan;
}

size_t Plan::RawSteps() const {
  return kRawOperations * block_bytes.size() * in_flight.size() * rounds + 2;
}

size_t Plan::ModeSteps() const {
  return std::size(kModes) * payload_bytes.size() * producers.size() * rounds;
}

Meter::Meter(const Bench& bench)
    : bench_(bench),
      device_(bench.device.Read()),
      punts_(bench.punts == nullptr ? Punts{} : bench.punts->Read()) {}

void Meter::AddTo(Counted* counted) const {
  if (const auto now = bench_.device.Read(); now && device_) {
    const DeviceCounters since = *now - *device_;
    DeviceCounters& sum = counted->device.emplace(counted->device.value_or(DeviceCounters{}));
    sum.writes += since.writes;
    sum.written_bytes += since.written_bytes;
    sum.flushes += since.flushes;
  }
  if (bench_.punts != nullptr) {
    const Punts since = bench_.punts->Read() - punts_;
    Punts& sum = counted->punts.emplace(counted->punts.value_or(Punts{}));
    sum.writes += since.writes;
    sum.flushes += since.flushes;
  }
}

}  // namespace stet::walbench
