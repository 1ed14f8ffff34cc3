// Executions as drawings: colours of states, a graph, bars along time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "stet/graph.h"
#include "stet/report.h"

namespace stet::walinspect {

std::string_view FillOf(TaskState state);  // "#c3e6c1"
std::string_view FillOf(ExecutionState state);
std::string_view FillOf(AttemptOutcome outcome);

// "3 attempts, 1.2s": what there is to say of a task beside its name and state.
std::string NoteOf(const TaskRecord& task);

// A row of bars.
struct Bar {
  absl::Time begin = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();  // infinite: it goes on
  std::string colour = {};
  std::string tip = {};  // shown under the pointer
};
struct BarRow {
  std::string label = {};
  std::vector<Bar> bars = {};
};

// An <svg>: rows from the top, time to the right.  What goes on ends at `now`.
std::string BarsSvg(std::span<const BarRow> rows, absl::Time now);

// An <svg>: waves from the left, tasks with their states.  `report` is of an execution of that workflow.
std::string GraphSvg(const WorkflowGraph& graph, const ExecutionReport& report);

}  // namespace stet::walinspect
