// A log whose writer was killed, and the time that opening it takes.
#pragma once

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "bench/harness.h"

namespace stet::bench {

struct KilledLog {
  std::string directory = {};
  uint64_t log_bytes = 0;            // of payloads, before the kill
  uint64_t behind_anchor_bytes = 0;  // about how far before the end the anchor stands
  size_t payload_bytes = 1024;
};

// A child process appends until it is killed by SIGKILL in the midst of it; then the log is opened
// from an anchor, with cold caches, and started for appending.
//
//   open           from the lock being free to the first append being possible, in ms
//   recover        of that, deciding what survived; start: making the next segment
//   tail           MiB behind the anchor, which were read and checked
//   read_tail      ms of reading so much by plain direct reads of 1 MiB: what the disk takes
//   besides_tail   open without read_tail
//   whole          ms of opening the same log without an anchor
absl::StatusOr<Samples> OpenKilledLog(const KilledLog& killed);

}  // namespace stet::bench
