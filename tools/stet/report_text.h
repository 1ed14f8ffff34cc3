// Reports for people, on standard output.
#pragma once

#include <string>
#include <vector>

#include <stet/report.h>

namespace stet::cli {

// The end of `stet run`: one line, and one for each task that failed.
std::string SummaryText(const ExecutionReport& report, const std::string& directory);

// `stet show`: the execution, where its commands' output is, and a table of its tasks.
std::string ReportText(const ExecutionReport& report, const std::string& directory);

// `stet ls`: a table.
std::string ListText(const std::vector<ExecutionSummary>& executions);

}  // namespace stet::cli
