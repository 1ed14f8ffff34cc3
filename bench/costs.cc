// Differences of counters.
#include "bench/costs.h"

#include <utility>

#include <absl/status/statusor.h>

namespace stet::bench {

Costs::Costs(const std::string& directory) : device_(walbench::Device::Under(directory)) {
  if (auto punts = walbench::PuntCounter::Open(); punts.ok()) punts_ = *std::move(punts);
}

void Costs::Begin() {
  device_before_ = device_.Read();
  if (punts_) punts_before_ = punts_->Read();
}

Samples Costs::End(uint64_t batches) const {
  Samples samples;
  const double each = batches == 0 ? 0 : 1 / static_cast<double>(batches);
  if (const auto now = device_.Read(); now && device_before_) {
    samples.push_back({"flushes_per_batch",
                       static_cast<double>((*now - *device_before_).flushes) * each, "flushes"});
  }
  if (punts_) {
    const walbench::Punts punts = punts_->Read() - punts_before_;
    samples.push_back({"write_punts", static_cast<double>(punts.writes) * each * 1e3, "per_1000"});
    samples.push_back({"flush_punts", static_cast<double>(punts.flushes) * each * 1e3, "per_1000"});
  }
  return samples;
}

}  // namespace stet::bench
