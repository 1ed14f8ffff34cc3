// The end of an execution: its outcome, and the closing tasks (cleanup, compensations) that it triggers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/execution.h"
#include "schema/event_type.h"

namespace stet::core {

// How an execution ends whose tasks are all final, but for closing ones, by its counts of tasks.
schema::ExecutionOutcome OutcomeOf(const std::array<uint32_t, kTaskStateCount>& counts);

// How one that finishes ends: as was said when it began to, but that a failed cleanup spoils a success.
schema::ExecutionOutcome FinalOutcome(const Execution& execution,
                                      const std::array<uint32_t, kTaskStateCount>& counts);

// Whether an end with `outcome` undoes what has completed.
bool WillCompensate(const Execution& execution, schema::ExecutionOutcome outcome);

// Whether an end with `outcome` wants the closing task.
bool IsTriggered(const Execution& execution, schema::ExecutionOutcome outcome, uint32_t task);

// Lists what comes next in a finishing execution: the compensation of the task that completed last, or, when there is none left, the
// cleanup tasks that wait for no other.
void AdvanceClosing(Execution& execution);

// The task has completed by event `seq`, or was a compensation and has ended: keeps the row of what is to be undone.
void RowUndo(Execution& execution, uint32_t task, uint64_t seq);
// Builds it anew from the tasks.
void RebuildUndo(Execution& execution);

// The first task that a compensation has undone, or may have.
std::optional<uint32_t> FirstCompensated(const Execution& execution);

// Whether a retry may begin the task anew: it failed, was skipped because of a failure or was cancelled; or it closes an execution that
// has ended, which will end anew.
bool IsReopenable(const Execution& execution, uint32_t task);

// Whether everything has ended but the execution itself, or but what closes it.
bool AwaitsEnd(const Execution& execution);

}  // namespace stet::core
