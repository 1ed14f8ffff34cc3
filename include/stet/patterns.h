// Common shapes of workflows, written down in a line: a pipeline, a fan-out with its fan-in.  They make
// plain tasks, which may be changed before they become a workflow.
//
//   std::vector<stet::Task> tasks = stet::FanOutIn(
//       8, [](uint32_t i) { return stet::Task{.name = fmt::format("resize.{}", i), .activity = "resize"}; },
//       {.name = "join", .activity = "join"});
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <absl/status/statusor.h>

#include "stet/activity.h"
#include "stet/workflow.h"

#pragma GCC visibility push(default)

namespace stet {

// The stages, one after the other: each depends on the one before it, besides what it depends on
// already.  The first may depend on anything.
std::vector<Task> Pipeline(std::vector<Task> stages);

// `count` tasks side by side, worker(0) to worker(count - 1), and `gather` behind them, which depends on
// all of them in this order, before what it depends on already.  With `count` 0: `gather` alone.
std::vector<Task> FanOutIn(uint32_t count, const std::function<Task(uint32_t index)>& worker,
                           Task gather);

// For the activity of `gather`: the outputs of all that its task depends on directly, in the order of
// Task::after, which for FanOutIn is that of the index.
// Errors: those of ActivityContext::output.
absl::StatusOr<std::vector<Payload>> UpstreamOutputs(const ActivityContext& context);

}  // namespace stet

#pragma GCC visibility pop
