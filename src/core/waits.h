// Tasks that wait: their attempts are owned by the engine, hold no worker and outlive the process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/definition.h"
#include "core/state.h"

namespace stet::core {

// Executions started by tasks of executions started by tasks... : at most so deep.
inline constexpr size_t kChildDepthMax = 32;

// What a task waits for.
enum class Wait : uint8_t {
  kNone,    // nothing: it runs an activity
  kTimer,   // its time
  kSignal,  // a signal, for as long as its timeout says
  kChild,   // the end of an execution that it starts
};

Wait WaitOf(const Definition& definition, uint32_t task);

// When a wait that begins at `now` ends by itself: a timer's time, the timeout of the others; 0: never.
int64_t WaitEnd(const Definition& definition, uint32_t task, int64_t now);

// Of a task that waits for a signal: its name.
std::string_view SignalOf(const Definition& definition, uint32_t task);

// Of a task that waits for a child: the name of the child's workflow.
std::string_view ChildWorkflowOf(const Definition& definition, uint32_t task);

// Of a task that waits for a child: the key of the execution that its present attempt starts.  No other attempt has the same.
std::string ChildKey(const Execution& execution, uint32_t task);

// The execution that the task's present attempt has started; null when it has not, or does not wait for one.
const Execution* ChildOf(const State& state, const Execution& execution, uint32_t task);

}  // namespace stet::core
