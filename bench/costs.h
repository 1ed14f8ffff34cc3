// What a case costs the disk and the kernel, by their own counters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bench/harness.h"
#include "tools/walbench/device.h"
#include "tools/walbench/punts.h"

namespace stet::bench {

// CPU time of the process by now, of all its threads.
double CpuMicros();

// Made before any other thread; Begin and End around what is measured.
class Costs {
 public:
  // Of the disk under `directory`.
  explicit Costs(const std::string& directory);

  void Begin();

  // Since Begin: CPU time of the process and its changes of context for each of `batches` (which a
  // busy machine changes little), device flushes for each, and how many of 1000 of them io_uring
  // handed to a worker, writes and flushes apart.  Nothing of what this machine does not count.  The disk
  // counts for all programs: only a machine that is quiet otherwise gives exact numbers.
  Samples End(uint64_t batches) const;

 private:
  walbench::Device device_;
  std::optional<walbench::PuntCounter> punts_;
  std::optional<walbench::DeviceCounters> device_before_;
  walbench::Punts punts_before_;
  double cpu_us_before_ = 0;
  double switches_before_ = 0;
};

}  // namespace stet::bench
