// Where groups of events go: a log, or nowhere.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/wal/record.h"
#include "stet/wal/writer.h"

namespace stet::engine {

// The loop's thread makes it and uses it.
class Journal {
 public:
  virtual ~Journal() = default;

  // Whether Append would take the group.  Errors: as wal::Writer::Append.
  virtual absl::Status Admit(std::span<const wal::NewRecord> group) = 0;

  // Takes an admitted group; it gets the seqs from next_seq() on.  `digest` is that of the state
  // behind it.  An error is final.
  virtual absl::Status Append(std::span<const wal::NewRecord> group, uint64_t digest) = 0;

  // Drives the log; waits at most `wait_max`, and only if there is nothing to do.  An error is final.
  virtual absl::Status Poll(absl::Duration wait_max) = 0;

  // Ends a wait in Poll, or the next one.  From any thread.
  virtual void Wake() = 0;

  // Effects of events up to here may leave.
  virtual uint64_t released() const = 0;
  virtual uint64_t next_seq() const = 0;
  virtual uint32_t epoch() const = 0;

  // Waits until all is released, and ends the log in order.
  virtual absl::Status Close() = 0;
};

// The log of a directory.
std::unique_ptr<Journal> NewLogJournal(std::unique_ptr<wal::Writer> writer);

// Keeps nothing: all is released at once.  The epoch is 1.
std::unique_ptr<Journal> NewMemoryJournal();

}  // namespace stet::engine
