// What must hold of concurrency keys and circuit breakers, reckoned from workflows and events alone.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "core/event.h"
#include "core/state.h"
#include "tests/sim_engine/plan.h"

namespace stet::sim {

// The task as its workflow says it; nothing is said of a compensation but its activity.
const Task& TaskOf(const EnginePlan& plan, const core::Execution& execution, uint32_t task);

// Runs of one key never meet, nor while one of them keeps it for its retry.
class KeyWatch {
 public:
  explicit KeyWatch(const EnginePlan& plan) : plan_(plan) {}
  // Looks at an event, and the state before it.  What is wrong; empty if nothing.
  std::string See(const core::EventRef& event, const core::State& before);

 private:
  // Empty: it has none.
  std::string KeyOf(const core::Execution& execution, uint32_t task) const;

  const EnginePlan& plan_;
  std::map<uint64_t, std::string> numbers_;  // in the input of each execution
};

// A breaker opens behind so many failures in a row, lets nothing through until its cooldown is over, and
// then so many probes at a time.
class BreakerWatch {
 public:
  explicit BreakerWatch(const EnginePlan& plan) : plan_(plan) {}
  std::string See(const core::EventRef& event, const core::State& before);
  // Behind a turn: the state says the same.
  std::string Look(const core::State& state) const;

 private:
  struct Model {
    uint32_t failures = 0;
    bool open = false;  // and not half open
    int64_t until = 0;
    bool half_open = false;
    uint32_t successes = 0;
    std::set<uint64_t> probes = {};
  };
  // Empty: none guards it.
  std::string NameOf(const core::Execution& execution, uint32_t task) const;
  std::string SeeStart(const core::EventRef& event, const core::State& before);
  void SeeEnd(const core::EventRef& event, const core::State& before);

  const EnginePlan& plan_;
  std::map<std::string, Model> models_;
};

}  // namespace stet::sim
