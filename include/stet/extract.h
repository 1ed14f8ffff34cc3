// A part of a directory's log as a log of its own: small enough, and blank enough, to be given to others.
//
//   auto made = stet::Extract({.source = {.directory = "orders"},
//                              .executions = {"order-42"},
//                              .directory = "order-42.part",
//                              .redact = true});
//
// What is made can be looked at as any directory (Replay, ReadTimeline, walinspect), and is marked as a backup:
// no Engine opens it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "stet/inspect.h"

#pragma GCC visibility push(default)

namespace stet {

struct ExtractOptions {
  // Whence; at_seq and at_time of it: nothing that came later.  `whole_log` is set by Extract.
  ReplayOptions source = {};
  // Named as for Engine::Wait; who started them, and whom they started, come along.  Empty: all.
  std::vector<std::string> executions = {};
  std::string directory = {};  // must not exist; its parent does
  // x's in the place of inputs, outputs, payloads of signals and errors, as many as there were bytes.  Definitions
  // (commands among them), keys, and the names of tasks, activities and signals stay: the log does not hold
  // together without them.
  bool redact = false;
};

struct ExtractReport {
  uint64_t executions = 0;
  uint64_t events = 0;       // written: they have seqs from 1 on
  uint64_t events_read = 0;  // of the source
  uint64_t bytes_redacted = 0;
  uint64_t digest = 0;  // of the state behind them, as replayed from what was written
};

// Copies the events of some executions, with those of the engine that they need, renumbered: ids of
// executions (and with them the keys of children) differ from those in the source, and so do digests.
// Schedules and breakers are left out unless all is wanted.  Times within events stay; batches have the
// time at which the extract was made.
// Errors: NotFound, InvalidArgument (an execution, as Engine::Wait says it); AlreadyExists; OutOfRange when
// the beginning of the source's log was given up; those of Replay; those of the files.  What was made is
// removed then.
absl::StatusOr<ExtractReport> Extract(const ExtractOptions& options);

}  // namespace stet

#pragma GCC visibility pop
