// Executions of chains of empty tasks, a fixed number at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "bench/latency.h"
#include "stet/engine.h"

namespace stet::bench {

inline constexpr uint32_t kChainTasks = 10;

// t0 -> t1 -> ... -> t9, each of the activity "nothing".
Workflow Chain();

struct ChainLoad {
  std::string directory = {};
  wal::Durability durability = wal::Durability::kCommit;
  uint32_t at_once = 1;
  double seconds = 1;           // starts no more after that ...
  uint64_t executions_max = 0;  // ... or after so many; 0: any number
};

struct ChainResult {
  uint64_t executions = 0;
  int64_t elapsed_ns = 0;
  Latencies latencies = {};  // of executions, from before Start to the end released
};

// Keeps `at_once` executions alive in an engine of its own, and closes it.
absl::StatusOr<ChainResult> RunChains(const ChainLoad& load);

}  // namespace stet::bench
