// A log for many threads: the writer with a thread of its own.
//
//   auto log = stet::wal::Log::Open({.directory = dir, .create = true});
//   auto seq = (*log)->Append(bytes);             // ordered; not yet durable
//   absl::Status durable = (*log)->Sync(*seq);    // group commit: one flush serves all who wait
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "stet/wal/options.h"
#include "stet/wal/reader.h"
#include "stet/wal/record.h"
#include "stet/wal/recovery.h"
#include "stet/wal/writer.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// Thread-safe.  What stet/wal/writer.h says of errors holds here too.
class Log {
 public:
  // Recovers the log in `options.directory` and opens it for appending.
  // Errors: those of Recover (RefusalOf tells which) and of Writer::Start.
  static absl::StatusOr<std::unique_ptr<Log>> Open(const Options& options);

  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  // Closes; an error of that is lost.  No other thread may be inside a call.
  ~Log();

  // Takes a group, or one record of type 0, and returns the seq of its last record.  The order of
  // seqs is the order of the log.  Waits while too many bytes are held that are not yet durable.
  // Errors: as Writer::Append (OutOfRange for what will never fit).  When the disk is full, groups
  // already taken are kept and written once there is space again; new ones are refused until then
  // with ResourceExhausted.
  //
  // `at_least` strengthens the log's durability for this group, and never weakens it, as
  // Writer::Append does: Sync waits for what that mode asks for, and so does released().
  absl::StatusOr<uint64_t> Append(std::span<const NewRecord> group, uint64_t state_digest = 0,
                                  Durability at_least = Durability::kMemory);
  absl::StatusOr<uint64_t> Append(std::string_view payload,
                                  Durability at_least = Durability::kMemory);

  // Waits until all up to `seq` is released (durable, in mode commit).
  // Errors: OutOfRange for a seq that was never given; ResourceExhausted while the disk is full
  // (the group is still held: Sync again); the error that poisoned the log; never a wait without an
  // end.
  absl::Status Sync(uint64_t seq);

  // The last seq that is released.
  uint64_t released() const;
  Watermarks watermarks() const;

  // A reader of what was released before the call.  Errors: I/O errors; what Reader::status gives
  // later.
  absl::StatusOr<Reader> NewReader(uint64_t from_seq = 1);

  // Gives up the segments before `anchor`, as Writer::Retire does; readers made later begin behind
  // them.  Errors: those of Writer::Retire; the error that poisoned the log; FailedPrecondition after
  // Close.
  absl::Status Retire(const Anchor& anchor);

  // What was found when the log was opened.
  const RecoveryReport& recovery() const;

  // Waits until all is durable, notes a clean end, stops the thread.  Later calls are refused with
  // FailedPrecondition.
  absl::Status Close();

  WriterStats stats() const;

 private:
  class Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stet::wal

#pragma GCC visibility pop
