// What ran when: every attempt of a directory, out of its log.
//
//   absl::StatusOr<stet::Timeline> timeline = stet::ReadTimeline({.directory = dir}, "order-42");
//   for (const stet::AttemptSpan& attempt : timeline->attempts) { ... }
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/inspect.h"
#include "stet/report.h"

#pragma GCC visibility push(default)

namespace stet {

// One attempt, as events tell it.
struct AttemptSpan {
  uint64_t execution = 0;
  uint32_t task = 0;  // its place in the definition
  uint64_t seq = 0;   // of the event that started it
  uint32_t generation = 1;
  uint32_t attempt = 0;                        // within it, from 1
  uint32_t epoch = 0;                          // the opening of the directory that ran it
  absl::Time ready_at = absl::InfinitePast();  // since when it could have started, if that is known
  absl::Time started_at = absl::InfinitePast();
  absl::Time finished_at = absl::InfiniteFuture();    // still infinite: it is in flight
  AttemptOutcome outcome = AttemptOutcome::kSuccess;  // if it has finished
  std::string error = {};
};

// What ran when.
struct Timeline {
  Replayed state;                          // at its end
  std::vector<AttemptSpan> attempts = {};  // in the order of their starts
};

// The attempts of one execution (named as for Engine::Wait), or of all that the state at the end holds if
// none is named.  Where the log was given up, only what its oldest snapshot remembers: attempts in flight,
// and the last twenty of tasks that failed.  Errors: as Replay and Replayed::Report.
absl::StatusOr<Timeline> ReadTimeline(const ReplayOptions& options,
                                      std::string_view execution = {});

}  // namespace stet

#pragma GCC visibility pop
