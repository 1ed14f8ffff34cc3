// How often io_uring hands an operation to a worker thread of the kernel instead of doing it at once.
#pragma once

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "tools/walbench/raw_file.h"

namespace stet::walbench {

struct Punts {
  uint64_t writes = 0;
  uint64_t flushes = 0;

  Punts operator-(const Punts& before) const {
    return {.writes = writes - before.writes, .flushes = flushes - before.flushes};
  }
};

// Counts the tracepoint io_uring:io_uring_queue_async_work of this process: of the thread that makes
// the counter and of all threads and processes that it starts later.  Costs nothing until something
// is punted.
class PuntCounter {
 public:
  // Needs root (or CAP_PERFMON, and tracefs mounted where one may read it).
  // Errors: Unavailable, saying what is missing.
  static absl::StatusOr<PuntCounter> Open();

  Punts Read() const;

 private:
  PuntCounter() = default;

  Descriptor writes_;
  Descriptor flushes_;
};

}  // namespace stet::walbench
