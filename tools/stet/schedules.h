// `stet schedule ls`: schedules with their next times, read without the lock.
#pragma once

#include "tools/stet/failure.h"
#include "tools/stet/settings.h"

namespace stet::cli {

struct ScheduleListOptions {
  SettingFlags settings = {};
  bool json = false;
};

ExitStatus ListSchedules(const ScheduleListOptions& options);

}  // namespace stet::cli
