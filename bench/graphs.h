// Workflows of empty tasks in a few shapes, and what it takes to run one of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "bench/harness.h"
#include "stet/workflow.h"

namespace stet::bench {

// By task: those that it depends on, all of them before it.
using Parents = std::vector<std::vector<uint32_t>>;

// Each behind the one before it.
Parents ChainOf(uint32_t tasks);

// One, all others but the last behind it, and the last behind those.
Parents FanOutOf(uint32_t tasks);

// Layers of `width`; each task behind one to three of the layer before its own, drawn at random and alike in each run.
Parents LayersOf(uint32_t tasks, uint32_t width);

// Each task of the activity "nothing".
Workflow WorkflowOf(const Parents& parents);

struct GraphLoad {
  std::string directory = {};      // empty: without a log
  bool inline_activities = false;  // Poll runs them, on the loop's own thread
  uint32_t concurrency = 1024;
};

// One execution of it, in an engine of its own.  What it takes until it can run (validated, hashed, stored, all its tasks
// made), the rate of its tasks from there, the CPU and the memory of each.
absl::StatusOr<Samples> RunGraph(const Parents& parents, const GraphLoad& load);

// The same graph as nodes of oneTBB's flow graph, which keeps no state and records nothing: the rate of its nodes.
// Errors: Unavailable if this build has not found the library.
absl::StatusOr<Samples> RunFlowGraph(const Parents& parents);

}  // namespace stet::bench
