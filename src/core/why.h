// What the open tasks of an execution wait for.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include <absl/functional/function_ref.h>

#include "core/state.h"
#include "stet/why.h"

namespace stet::core {

// What the process knows and the state does not.
struct RunnerFacts {
  bool executes = false;  // it starts attempts
  uint32_t slots = 0;     // attempts that may run at once
  uint32_t slots_taken = 0;
  // What the limits of an activity keep from starting.
  struct Limited {
    uint32_t concurrency = 0;  // so many run, and no more may; 0: others may
    int64_t until_ns = 0;      // its rate is used up until then; 0: it is not
  };
  std::function<Limited(uint32_t activity)> limited = nullptr;
  // Whether it can start executions of that workflow.
  std::function<bool(std::string_view workflow)> knows_workflow = nullptr;
  // Whether circuit breakers let a run start now; null: as it looks in the state, whatever their policies.
  std::function<bool(const StartGate& gate)> breaker_allows = nullptr;
};

// `known`: whether the process has the activity of this number.  At most `tasks_max` tasks are told.
WhyReport Explain(const State& state, const Execution& execution, const RunnerFacts& facts,
                  absl::FunctionRef<bool(uint32_t activity)> known, size_t tasks_max);

}  // namespace stet::core
