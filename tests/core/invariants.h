// What must hold at every moment of a history, found by a search through everything.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/concurrency_key.h"
#include "tests/core/world.h"

namespace stet::core {

inline std::vector<RunRef> InState(const World& world, TaskState state) {
  std::vector<RunRef> runs;
  for (const auto& execution : world.state().executions()) {
    for (uint32_t task = 0; task < execution->tasks.size(); ++task) {
      if (execution->tasks[task].state != state) continue;
      runs.push_back({.execution = execution->id, .task = task});
    }
  }
  return runs;
}

// The ready queue against a search through everything.
inline void CheckNext(const World& world) {
  std::optional<RunRef> best;
  for (const RunRef& run : InState(world, TaskState::kReady)) {
    const Execution& execution = world.execution(run.execution);
    const uint32_t activity = ActivityNumberOf(execution, run.task);
    const bool paused = execution.paused || world.state().engine_paused() ||
                        world.state().activities()[activity].paused;
    if (execution.cancelling() || paused) continue;
    const KeyEntry* key = GateOf(execution, run.task).key;
    if (key != nullptr && !key->holders.empty()) continue;
    const auto rank = [&world](const RunRef& r) {
      const int64_t priority = world.execution(r.execution).effective_priority(r.task);
      return std::pair(-priority, world.slot(r).order);
    };
    if (!best.has_value() || rank(run) < rank(*best)) best = run;
  }
  CHECK_EQ(NextReady(world.state()), best);
}

// Two runs of one key never run at the same time, nor while one of them keeps it for its retry; and the
// table of keys says who has them.
inline void CheckKeys(const World& world) {
  std::map<std::string, std::set<RunRef>> holders;
  for (const auto& each : world.state().executions()) {
    const Execution& execution = *each;
    for (uint32_t task = 0; task < execution.tasks.size(); ++task) {
      const KeyEntry* key = KeyOf(execution, task);
      if (key == nullptr || !HoldsKey(execution, task)) continue;
      holders[key->name].insert({.execution = execution.id, .task = task});
    }
  }
  for (const auto& [name, entry] : world.state().keys().entries()) {
    CHECK_LE(entry->holders.size(), 1);
    CHECK(std::equal(entry->holders.begin(), entry->holders.end(), holders[name].begin(),
                     holders[name].end()));
    holders.erase(name);
  }
  CHECK(holders.empty());
}

}  // namespace stet::core
