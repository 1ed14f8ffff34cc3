// What a test says to the process that serves its disk, and the answer.
#pragma once

#include <cstdint>
#include <type_traits>

#include "tests/crash/crash_disk.h"

namespace stet::wal {

struct DiskRequest {
  enum class Kind : uint8_t {
    kBeginHistory,
    kEndHistory,
    kSetDelay,
    kSetFault,
    kCounts,
    kPromisesAt,
    kGoTo,
  };
  Kind kind = Kind::kCounts;
  Survival survival = Survival::kAll;
  uint64_t event = 0;
  uint64_t seed = 0;
  uint32_t delay_us_max = 0;
  DiskFault fault = {};
};

struct DiskAnswer {
  DiskCounts counts = {};
  PromisesThen promises = {};
};
static_assert(std::is_trivially_copyable_v<DiskRequest>);
static_assert(std::is_trivially_copyable_v<DiskAnswer>);

}  // namespace stet::wal
