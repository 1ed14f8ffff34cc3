// Events of schedules as JSON.
#pragma once

#include <string>

#include "schema/describe.h"
#include "schema/event.fbs.h"

namespace stet::schema {

// One object each, field by field.
std::string Json(const fb::ScheduleCreated& e, const DescribeOptions& options);
std::string Json(const fb::ScheduleRemoved& e, const DescribeOptions& options);
std::string Json(const fb::SchedulePaused& e, const DescribeOptions& options);
std::string Json(const fb::ScheduleResumed& e, const DescribeOptions& options);
std::string Json(const fb::SchedulePlanned& e, const DescribeOptions& options);
std::string Json(const fb::ScheduleSkipped& e, const DescribeOptions& options);

}  // namespace stet::schema
