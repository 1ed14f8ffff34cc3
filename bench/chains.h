// Executions of chains of empty tasks, a fixed number at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
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
  double seconds = 1;                 // starts no more after that ...
  uint64_t executions_max = 0;        // ... or after so many; 0: any number ...
  std::function<bool()> enough = {};  // ... or once this says so
  double executions_per_second = 0;   // started evenly, however many end; 0: as others end
};

struct ChainResult {
  uint64_t executions = 0;
  int64_t elapsed_ns = 0;
  // Of executions, from before Start, or from when it was due, to the end released.
  Latencies latencies = {};
};

// Keys of ended executions, from the engine's thread to another.
class EndedChains {
 public:
  void Push(std::string key, bool success);

  // Those since the last call; waits for one up to `wait_max`.
  std::vector<std::pair<std::string, int64_t>> TakeSome(std::chrono::nanoseconds wait_max);

  bool all_succeeded();

 private:
  std::mutex mutex_;
  std::condition_variable some_;
  std::vector<std::pair<std::string, int64_t>> ended_;
  bool all_succeeded_ = true;
};

// What an engine for chains needs; `ended` outlives it.
EngineOptions ChainOptions(const ChainLoad& load, EndedChains& ended);

// Keeps `at_once` executions alive, or starts them evenly, and waits for their ends.  `round` makes the keys
// of several loads on one engine differ.
absl::StatusOr<ChainResult> DriveChains(const ChainLoad& load, Engine& engine, EndedChains& ended,
                                        uint32_t round = 0);

// The same in an engine of its own, which is closed.
absl::StatusOr<ChainResult> RunChains(const ChainLoad& load);

}  // namespace stet::bench
