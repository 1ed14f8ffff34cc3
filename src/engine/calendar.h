// When schedules fire: the one place that knows time zones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "core/schedule.h"

namespace stet::engine {

// Errors: InvalidArgument with Reason kInvalidSchedule when the system does not know the zone.
absl::StatusOr<absl::TimeZone> ZoneOf(const std::string& name);

// The first time of the schedule after `after`, wall time in ns; 0: there is none.
int64_t NextTime(const core::Schedule& schedule, int64_t after);

// The times of a schedule from `first`, which is one of them, up to `last`.
struct Times {
  std::vector<int64_t> newest = {};  // ascending
  uint64_t older = 0;                // how many are left out: at least so many
};
Times TimesBetween(const core::Schedule& schedule, int64_t first, int64_t last, size_t newest_max);

}  // namespace stet::engine
