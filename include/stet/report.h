// What the engine says about an execution.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
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

// What an execution took, in numbers.
struct ExecutionMetrics {
  uint64_t tasks = 0;
  uint64_t completed = 0;
  uint64_t failed = 0;  // dead-lettered ones included, once each
  uint64_t skipped = 0;
  uint64_t cancelled = 0;
  uint64_t attempts = 0;  // starts, in the tasks' last generation
  uint64_t retries = 0;   // starts behind the first of each task
  // Of the tasks that completed or failed, how many completed: 0..1; 1 when there is none.
  double success_rate = 1;
  absl::Duration elapsed = absl::ZeroDuration();  // from the start to the end; zero while it runs
  absl::Duration task_time =
      absl::ZeroDuration();  // sum over tasks, from their last start to their end
  absl::Duration longest_task = absl::ZeroDuration();
};

// A copy of one execution's released state.  A plain value.
struct ExecutionReport {
  uint64_t id = 0;  // seq of its start event; printed as 16 hex digits
  std::string key = {};
  std::string workflow = {};
  WorkflowHash workflow_hash = {};
  ExecutionState state = ExecutionState::kRunning;
  bool cancel_requested = false;
  bool paused = false;
  int32_t priority = 0;                                // added to those of its tasks
  std::optional<absl::Time> starts_at = std::nullopt;  // delayed until then
  uint64_t parent = 0;  // the execution whose task started it; 0: none
  Payload input = {};
  absl::Time started_at = absl::InfinitePast();
  absl::Time finished_at = absl::InfiniteFuture();  // infinite future while it runs
  uint64_t seq = 0;                                 // the report holds the state as of this event
  // In declaration order; then the compensations ("compensate:" and the name of what they undo).
  std::vector<TaskRecord> tasks = {};

  // True when it has tasks and every one completed, or was skipped by a branch or for want of its
  // trigger.
  bool success() const;
  // The names of tasks that failed or were dead-lettered.
  std::vector<std::string_view> failed_tasks() const;
  size_t count_in(TaskState state) const;
  // The record of `task`; null when there is none.
  const TaskRecord* task(std::string_view name) const;
  // The output of `task`, empty when it has none.
  std::string output(std::string_view task) const;
  ExecutionMetrics metrics() const;
};

// One line of a listing.
struct ExecutionSummary {
  uint64_t id = 0;
  std::string key = {};
  std::string workflow = {};
  ExecutionState state = ExecutionState::kRunning;
  bool cancel_requested = false;
  bool paused = false;
  int32_t priority = 0;
  std::optional<absl::Time> starts_at = std::nullopt;  // delayed until then
  uint64_t parent = 0;  // the execution whose task started it; 0: none
  absl::Time started_at = absl::InfinitePast();
  absl::Time finished_at = absl::InfiniteFuture();
  std::array<uint32_t, kTaskStateCount> counts = {};  // by TaskState
};

// How an attempt ended.
enum class AttemptOutcome : uint8_t {
  kSuccess,
  kFailure,
  kTimeout,
  kLost,
  kInterrupted,
  kCancelled
};
std::string_view ToString(AttemptOutcome outcome);  // wire names: snake_case

// One ended attempt of a task.
struct AttemptRecord {
  uint64_t seq = 0;         // of the event that started it
  uint32_t generation = 1;  // of the task
  uint32_t attempt = 0;     // within it, from 1
  uint32_t epoch = 0;       // the opening of the directory that ran it
  AttemptOutcome outcome = AttemptOutcome::kSuccess;
  absl::Time started_at = absl::InfinitePast();
  absl::Time finished_at = absl::InfinitePast();
  std::string error = {};
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
  uint64_t seq = 0;                         // of the event that dead-lettered it
  std::vector<AttemptRecord> history = {};  // the last twenty attempts, oldest first
};

}  // namespace stet

#pragma GCC visibility pop
