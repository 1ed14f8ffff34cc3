// When the end of one task lets others begin: which dependencies count, and when each is settled.
//
// TaskSlot::unfinished counts the edges of a task that are not settled.  An edge is settled when its parent completed or was skipped by a
// branch; for a task that runs whatever comes (on_upstream_failure: run) as soon as its parent has ended.  Closing tasks count only
// what leads from one of them to another, settled by any end: for the rest they wait for the execution to finish.
#pragma once

#include <cstdint>

#include "core/execution.h"

namespace stet::core {

// Whether the edge from `parent` to `child` keeps `child` no more.
bool IsSettled(const Execution& execution, uint32_t child, uint32_t parent);

// Edges of `task` that are not settled.
uint32_t CountUnsettled(const Execution& execution, uint32_t task);

// `task` has just ended: settles the edges to its dependents and lists those that have none left.
void Settle(Execution& execution, uint32_t task);

// The opposite: `task`, which has ended, is about to begin anew.
void Unsettle(Execution& execution, uint32_t task);

// Lists a pending task whose edges are all settled: as due, or as one to be skipped when a branch skipped all it depends on.
void Release(Execution& execution, uint32_t task);

// Whether the failure of one of its parents skips `task`: it waits, and no other fate is sealed.
bool IsSkippable(const Execution& execution, uint32_t task);

}  // namespace stet::core
