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
// Items of one map.
inline constexpr uint32_t kMapItemsMax = 100'000;

// What a task waits for.
enum class Wait : uint8_t {
  kNone,    // nothing: it runs an activity
  kTimer,   // its time
  kSignal,  // a signal, for as long as its timeout says
  kChild,   // the end of an execution that it starts
  kMap,     // the ends of executions that it starts, one for each item
};

Wait WaitOf(const Definition& definition, uint32_t task);

// What the present run of a task waits for: an event task with an activity waits in its first run and works in its second.
Wait WaitOf(const Execution& execution, uint32_t task);

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

// Of a map task: the key of the execution for its item, from 1, in its present attempt.
std::string ItemKey(const Execution& execution, uint32_t task, uint32_t item);
// That execution; null when it was not started.
const Execution* ItemOf(const State& state, const Execution& execution, uint32_t task,
                        uint32_t item);

// How far the present attempt of a map task is.
MapProgress ProgressOf(const Execution& execution, uint32_t task);
// Whether it can go on by itself: expand, or start the execution of its next item.
bool MayStartItem(const Execution& execution, uint32_t task);
// Whether it is over: all items have ended, or one that did not complete.
bool HasAllItems(const Execution& execution, uint32_t task);

}  // namespace stet::core
