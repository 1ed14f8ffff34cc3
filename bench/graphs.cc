// Paused while it is stored; then it runs.
#include "bench/graphs.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <random>
#include <utility>

#include <absl/time/clock.h>
#include <fmt/format.h>

#include "bench/costs.h"
#include "bench/latency.h"
#include "stet/engine.h"
#include "tools/stet/status_macros.h"

namespace stet::bench {
namespace {

constexpr absl::Duration kPollMax = absl::Milliseconds(10);

// Of the process, as much as is in use.
double ResidentBytes() {
  ::malloc_trim(0);
  long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

EngineOptions OptionsFor(const Parents& parents, const GraphLoad& load,
                         std::atomic<int64_t>& ended_ns) {
  EngineOptions options;
  options.directory = load.directory;
  options.concurrency = load.concurrency;
  if (load.inline_activities) options.threads = Threads::kNone;
  options.recovery_target = absl::InfiniteDuration();
  options.workflows.push_back(WorkflowOf(parents));
  options.activities["nothing"] = [](ActivityContext&) -> absl::StatusOr<Payload> {
    return Payload();
  };
  options.on_ended = [&ended_ns](const ExecutionSummary& summary) {
    ended_ns = summary.state == ExecutionState::kCompleted ? NowNanos() : -1;
  };
  return options;
}

}  // namespace

Parents ChainOf(uint32_t tasks) {
  Parents parents(tasks);
  for (uint32_t task = 1; task < tasks; ++task) parents[task] = {task - 1};
  return parents;
}

Parents FanOutOf(uint32_t tasks) {
  Parents parents(tasks);
  for (uint32_t task = 1; task + 1 < tasks; ++task) {
    parents[task] = {0};
    parents.back().push_back(task);
  }
  return parents;
}

Parents LayersOf(uint32_t tasks, uint32_t width) {
  std::mt19937_64 random(1);
  Parents parents(tasks);
  for (uint32_t task = width; task < tasks; ++task) {
    const uint32_t before = (task / width - 1) * width;
    for (uint64_t left = 1 + random() % 3; left > 0; --left) {
      const auto parent = static_cast<uint32_t>(before + random() % width);
      std::vector<uint32_t>& chosen = parents[task];
      if (std::find(chosen.begin(), chosen.end(), parent) == chosen.end()) chosen.push_back(parent);
    }
  }
  return parents;
}

Workflow WorkflowOf(const Parents& parents) {
  Workflow workflow = {.name = "graph"};
  workflow.tasks.reserve(parents.size());
  for (uint32_t task = 0; task < parents.size(); ++task) {
    workflow.tasks.push_back({.name = fmt::format("t{}", task), .activity = "nothing"});
    for (const uint32_t parent : parents[task]) {
      workflow.tasks.back().after.push_back(fmt::format("t{}", parent));
    }
  }
  return workflow;
}

absl::StatusOr<Samples> RunGraph(const Parents& parents, const GraphLoad& load) {
  const auto tasks = static_cast<double>(parents.size());
  const double resident = ResidentBytes();
  std::atomic<int64_t> ended_ns = 0;
  EngineOptions options = OptionsFor(parents, load, ended_ns);
  const int64_t begin = NowNanos();
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, Engine::Open(std::move(options)));
  STET_RETURN_IF_ERROR(engine->PauseEngine().status());
  STET_RETURN_IF_ERROR(engine->Start({.workflow = "graph", .key = "one"}).status());
  const int64_t stored = NowNanos();
  const double cpu = CpuMicros();
  STET_RETURN_IF_ERROR(engine->ResumeEngine().status());
  while (ended_ns == 0) {
    if (load.inline_activities) {
      STET_RETURN_IF_ERROR(engine->Poll(kPollMax));
    } else {
      absl::SleepFor(absl::Milliseconds(1));
    }
  }
  if (ended_ns < 0) return absl::InternalError("the execution did not complete");
  const double used = CpuMicros() - cpu;
  return Samples{{"start", static_cast<double>(stored - begin) / 1e6, "ms"},
                 {"tasks", tasks * 1e9 / static_cast<double>(ended_ns - stored), "1/s"},
                 {"cpu", used / tasks, "us_per_task"},
                 {"resident", (ResidentBytes() - resident) / tasks, "bytes_per_task"}};
}

}  // namespace stet::bench
