// The part of the chart that shows the modes of a log.
#pragma once

#include <string>

#include "tools/walbench/report.h"

namespace stet::walbench {

// From `y` downwards; gives the place behind it.
double PutModes(const Report& report, double y, std::string* svg);

}  // namespace stet::walbench
