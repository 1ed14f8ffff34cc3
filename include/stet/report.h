// What the engine says about an execution.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/payload.h"
#include "stet/state.h"
#include "stet/task_record.h"
#include "stet/workflow.h"

#pragma GCC visibility push(default)

namespace stet {

// A copy of one execution's released state.  A plain value.
struct ExecutionReport {
  uint64_t id = 0;  // seq of its start event; printed as 16 hex digits
  std::string key = {};
  std::string workflow = {};
  WorkflowHash workflow_hash = {};
  ExecutionState state = ExecutionState::kRunning;
  bool cancel_requested = false;
  Payload input = {};
  absl::Time started_at = absl::InfinitePast();
  absl::Time finished_at = absl::InfiniteFuture();  // infinite future while it runs
  uint64_t seq = 0;                                 // the report holds the state as of this event
  std::vector<TaskRecord> tasks = {};               // in declaration order

  // True when it has tasks and every one completed.
  bool success() const;
  // The names of tasks that failed or were dead-lettered.
  std::vector<std::string_view> failed_tasks() const;
  size_t count_in(TaskState state) const;
  // The record of `task`; null when there is none.
  const TaskRecord* task(std::string_view name) const;
  // The output of `task`, empty when it has none.
  std::string output(std::string_view task) const;
};

// One line of a listing.
struct ExecutionSummary {
  uint64_t id = 0;
  std::string key = {};
  std::string workflow = {};
  ExecutionState state = ExecutionState::kRunning;
  bool cancel_requested = false;
  absl::Time started_at = absl::InfinitePast();
  absl::Time finished_at = absl::InfiniteFuture();
  std::array<uint32_t, kTaskStateCount> counts = {};  // by TaskState
};

// A task that used up its budget: kept with what is needed to understand and requeue it.
struct DeadLetter {
  uint64_t execution = 0;
  std::string key = {};
  std::string task = {};
  uint32_t attempts = 0;
  std::string error = {};
  Payload input = {};
  absl::Time at = absl::InfinitePast();
  uint64_t seq = 0;  // of the event that dead-lettered it
};

}  // namespace stet

#pragma GCC visibility pop
