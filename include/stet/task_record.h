// The state of one task inside an execution.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <absl/time/time.h>

#include "stet/payload.h"
#include "stet/state.h"

#pragma GCC visibility push(default)

namespace stet {

struct TaskRecord {
  std::string id = {};  // the task's name
  TaskState state = TaskState::kPending;
  uint32_t attempts = 0;  // starts, in this generation
  uint32_t lost = 0;      // of those, how many vanished with their process
  uint32_t generation = 1;
  SkipCause skip = SkipCause::kUpstream;  // Skipped: why
  absl::Time created_at = absl::InfinitePast();
  absl::Time updated_at = absl::InfinitePast();
  std::optional<absl::Time> started_at = std::nullopt;   // the latest start
  std::optional<absl::Time> finished_at = std::nullopt;  // set once per generation
  // Retrying: of its next attempt; Pending: of its next run.
  std::optional<absl::Time> wake_at = std::nullopt;
  std::optional<Payload> output = std::nullopt;
  std::string error = {};  // of the last failed attempt, also when a later one succeeded
  uint32_t runs = 0;       // that have completed, of a task that may have several (Repeat, loops)
  uint32_t steps = 0;      // that the current run has recorded; 0 once it has ended
  std::map<std::string, std::string> metadata = {};  // ActivityContext::SetMetadata
  std::string worker = {};  // elsewhere, that has its attempt (Engine::AcquireLeases); empty: none
  std::optional<absl::Time> lease_until = std::nullopt;  // with a worker only

  // finished_at - started_at when both are known and in order.
  std::optional<absl::Duration> duration() const;
  friend bool operator==(const TaskRecord&, const TaskRecord&) = default;
};

}  // namespace stet

#pragma GCC visibility pop
