// How often a task runs: repetitions, and the iterations of loops.  Each is a run of its own.
#pragma once

#include <cstdint>
#include <optional>

#include "core/execution.h"

namespace stet::core {

// Runs that the task has completed.  Counted for tasks that may have several.
uint32_t RunsDone(const Execution& execution, uint32_t task);

// The number of its present run among all that it ever has, from 1; grows with each generation, too.
uint64_t RunNumber(const Execution& execution, uint32_t task);

// Which run its activity is in: 1 for the first.
uint32_t OccurrenceOf(const Execution& execution, uint32_t task);

// How many runs it has at most; 1: it does not repeat.
uint32_t RunsMax(const Definition& definition, uint32_t task);

// Whether it is an event task with an activity: its first run waits for the signal, its second handles it.
bool HandlesEvent(const Definition& definition, uint32_t task);

// Whether its present run waits and runs no activity of its own, though its task names one.
bool IsIdle(const Execution& execution, uint32_t task);

// Whether it has its signal, which it keeps until its activity has handled it.
bool KeepsSignal(const Execution& execution, uint32_t task);

// Whether each of its runs begins at a time of a calendar.
bool RunsByCron(const Definition& definition, uint32_t task);

// Whether some task of the definition may have several, or runs by cron.
bool HasRepeats(const Definition& definition);

// The next time of the task's calendar.
int64_t CronTime(const Definition& definition, uint32_t task, int64_t now);

// When the next run begins after one that completes at `now`; nothing: that was the last.
std::optional<int64_t> NextRunAt(const Execution& execution, uint32_t task, int64_t now);

}  // namespace stet::core
