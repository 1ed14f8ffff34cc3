// Differences of counters.
#include "bench/costs.h"

#include <sys/resource.h>

#include <utility>

#include <absl/status/statusor.h>

namespace stet::bench {
namespace {

struct Used {
  double cpu_us = 0;
  double switches = 0;
};

Used UsedByNow() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return {.cpu_us = micros(usage.ru_utime) + micros(usage.ru_stime),
          .switches = static_cast<double>(usage.ru_nvcsw + usage.ru_nivcsw)};
}

}  // namespace

double CpuMicros() { return UsedByNow().cpu_us; }

Costs::Costs(const std::string& directory) : device_(walbench::Device::Under(directory)) {
  if (auto punts = walbench::PuntCounter::Open(); punts.ok()) punts_ = *std::move(punts);
}

void Costs::Begin() {
  device_before_ = device_.Read();
  if (punts_) punts_before_ = punts_->Read();
  const Used used = UsedByNow();
  cpu_us_before_ = used.cpu_us;
  switches_before_ = used.switches;
}

Samples Costs::End(uint64_t batches) const {
  Samples samples;
  const double each = batches == 0 ? 0 : 1 / static_cast<double>(batches);
  const Used used = UsedByNow();
  samples.push_back({"cpu_per_batch", (used.cpu_us - cpu_us_before_) * each, "us"});
  samples.push_back({"switches_per_batch", (used.switches - switches_before_) * each, "switches"});
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
