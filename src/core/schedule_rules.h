// What the policies of a schedule make of times that have come.
#pragma once

#include <cstdint>
#include <span>

#include "core/schedule.h"
#include "core/state.h"

namespace stet::core {

// How many of `times` (ascending; `wall` is now) are left out as missed: the first so many.
size_t MissedOf(const Schedule& schedule, std::span<const int64_t> times, int64_t wall);

// What a schedule does next.
enum class Turn : uint8_t {
  kNone,        // nothing: no time waits, or those that do wait for an execution to end
  kStart,       // the first time that waits fires
  kSkipFirst,   // it does not
  kSkipSecond,  // the one behind it does not
  kCancel,      // what runs is cancelled
};
Turn TurnOf(const State& state, const Schedule& schedule);
inline bool HasTurn(const State& state, const Schedule& schedule) {
  return TurnOf(state, schedule) != Turn::kNone;
}

// The first of its executions that runs and is not being cancelled; null when there is none.
const Execution* NextToCancel(const State& state, const Schedule& schedule);

}  // namespace stet::core
