// A timeline as one page, and as a trace for Perfetto.
#pragma once

#include <string>

#include "stet/timeline.h"

namespace stet::walinspect {

// What to show: of one execution its graph and a row for each task, of all a row for each.
struct TimelineView {
  const Timeline* timeline = nullptr;
  std::string directory = {};
  std::string execution = {};  // empty: all
};

// HTML that needs nothing else.  Errors: those of Replayed::Report.
absl::StatusOr<std::string> TimelinePage(const TimelineView& view);

// JSON as chrome://tracing and ui.perfetto.dev read it: a process for each execution, a thread for each
// task, a slice for each attempt.  Errors: those of Replayed::Report.
absl::StatusOr<std::string> PerfettoTrace(const TimelineView& view);

}  // namespace stet::walinspect
