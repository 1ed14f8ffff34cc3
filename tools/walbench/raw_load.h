// Loads on a prewritten file without a log: what the disk, the file system and the kernel can do.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "tools/walbench/histogram.h"

namespace stet::walbench {

enum class Interface : uint8_t { kUring, kPosix };
std::string_view ToString(Interface interface);

// How a block becomes durable.  Direct I/O, but for kBuffered.  Those that the log can use have the
// names of wal::Operation.
enum class Method : uint8_t {
  kWrite,            // not at all: the limit
  kDurableWrite,     // one write with RWF_DSYNC
  kWriteAndFlush,    // a write; when it has completed, an fdatasync of its own
  kLinkedFlush,      // a write and an fdatasync given together, linked (io_uring)
  kWritesThenFlush,  // all writes in flight, then one fdatasync for all of them
  kBuffered,         // through the page cache: a write, then its fdatasync
  kFlush,            // an fdatasync with nothing to flush
};
std::string_view ToString(Method method);

struct Load {
  Method method = Method::kWrite;
  int fd = -1;  // of a prewritten file
  uint64_t file_bytes = 0;
  uint32_t block_bytes = 4096;  // written one behind the other, from the start again at the end
  uint32_t in_flight = 1;       // blocks on their way at any time
  double seconds = 1;
  const std::atomic<bool>* stop = nullptr;  // ends the load early; may be null
};

struct LoadResult {
  Histogram latency = {};  // of a block, from being submitted to being durable
  int64_t elapsed_ns = 0;

  double PerSecond() const;
};

// From the calling thread, which waits for completions.  Errors: Unavailable if there is no
// io_uring; what the kernel reports.
absl::StatusOr<LoadResult> RunUringLoad(const Load& load);

// From `in_flight` threads that block (kWritesThenFlush: from one).
absl::StatusOr<LoadResult> RunPosixLoad(const Load& load);

absl::StatusOr<LoadResult> RunLoad(Interface interface, const Load& load);

// Whether `interface` has the method.
bool Offers(Interface interface, Method method);

}  // namespace stet::walbench
