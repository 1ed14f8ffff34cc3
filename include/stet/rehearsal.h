// What another definition would have made of an execution that has run: its decisions, over what was recorded.
//
//   auto rehearsal = stet::Rehearse({.source = {.directory = "orders"},
//                                    .execution = "order-42",
//                                    .workflow = next_version_of_order});
//   for (const stet::StateChange& change : rehearsal->differences) { ... }
#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "stet/inspect.h"
#include "stet/report.h"
#include "stet/workflow.h"

#pragma GCC visibility push(default)

namespace stet {

struct RehearsalOptions {
  ReplayOptions source = {};   // `whole_log` is set by Rehearse
  std::string execution = {};  // named as for Engine::Wait
  Workflow workflow = {};      // the other definition; its name does not matter
};

struct Rehearsal {
  ExecutionReport recorded = {};   // as of the moment that `source` names
  ExecutionReport rehearsed = {};  // times in it mean nothing
  // Fields "state", "attempts" (that said how they ended), "error" and "output" of tasks, "present" for a
  // task that only one of the two has, and "state" of the execution; `before` is what was recorded.
  std::vector<StateChange> differences = {};
  // Tasks that would have made an attempt of which nothing is recorded.  It was taken for a repetition of
  // their last one, or, without one, for a success with an empty output.
  std::vector<std::string> guessed = {};
};

// Runs the definition in memory, on a clock that does not wait, with the same input.  Each attempt of a task
// ends as the next one did that was recorded under that task's name, in its last generation; attempts that
// were lost or interrupted do not count, and what waits (timers, signals, children) ends as it was
// recorded.  Nothing of the user's is run.  What operators did (cancel, pause) is not repeated.
// Errors: those of Replay and Replayed::Report; those of Validate; OutOfRange when the execution began
// before the log, which was given up.
absl::StatusOr<Rehearsal> Rehearse(const RehearsalOptions& options);

}  // namespace stet

#pragma GCC visibility pop
