// A chart of a report for people: throughput and p99 by number in flight, and the modes of a log.
#pragma once

#include <string>

#include "tools/walbench/report.h"

namespace stet::walbench {

// A complete SVG document.
std::string ChartOf(const Report& report);

}  // namespace stet::walbench
