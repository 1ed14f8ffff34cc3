// The measurements of a run, in rounds that take turns.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/status.h>

#include "tools/walbench/progress.h"
#include "tools/walbench/report.h"

namespace stet::walbench {

// How much is measured, and for how long.
struct Plan {
  std::vector<uint32_t> block_bytes = {4 << 10, 16 << 10, 64 << 10, 256 << 10};
  std::vector<uint32_t> in_flight = {1, 2, 4, 8, 16};
  std::vector<uint32_t> payload_bytes = {100, 4 << 10, 64 << 10};  // of a log's records
  std::vector<uint32_t> producers = {1, 8, 64};                    // of a log
  uint32_t rounds = 2;
  double raw_seconds = 0;   // of a cell and round
  double mode_seconds = 0;  // of a mode, a payload, a number of producers and a round
  uint64_t file_bytes = 64 << 20;
  uint64_t segment_bytes = 128 << 20;  // of the logs: a pool that is zeroed before

  // Spreads about `seconds` over all of it; a short time measures fewer sizes and numbers.
  static Plan For(double seconds);

  size_t RawSteps() const;
  size_t ModeSteps() const;
};

// Where and with what.
struct Bench {
  std::string folder = {};  // for files
  const std::atomic<bool>* stop = nullptr;
  const PuntCounter* punts = nullptr;  // null: not counted
  Device device = {};
  Progress* progress = nullptr;
};

// All raw operations, and the limits.  Errors: Cancelled when stopped; what the disk reports.
absl::Status MeasureRaw(const Plan& plan, const Bench& bench, Report* report);

// All modes of wal::Log, and what a log takes by itself.
absl::Status MeasureModes(const Plan& plan, const Bench& bench, Report* report);

// What the kernel counts, before and after.
class Meter {
 public:
  explicit Meter(const Bench& bench);
  // Adds what was counted since this was made.
  void AddTo(Counted* counted) const;

 private:
  const Bench& bench_;
  const std::optional<DeviceCounters> device_;
  const Punts punts_;
};

}  // namespace stet::walbench
