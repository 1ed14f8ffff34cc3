// The writing end of a log: poll-driven, for one thread, without a thread on the commit path.
//
//   absl::StatusOr<RecoveredLog> recovered = Recover(options);    // locks and decides; changes nothing
//   auto writer = Writer::Start(*std::move(recovered), options);
//   auto seq = (*writer)->Append(group, 0);                        // ordered; not yet released
//   while ((*writer)->released() < *seq) RETURN_IF_ERROR((*writer)->Poll(absl::Seconds(1)));
//
// While one batch is being written the groups appended meanwhile gather in the next: group commit
// without a delay.  For many threads there is stet/wal/log.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/wal/options.h"
#include "stet/wal/record.h"
#include "stet/wal/recovery.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// How far the log is, in seq: appended >= written >= durable >= witnessed.
struct Watermarks {
  uint64_t appended = 0;   // taken by Append
  uint64_t written = 0;    // given to the operating system: survives kill -9
  uint64_t durable = 0;    // flushed: survives a power cut
  uint64_t witnessed = 0;  // named by a later durable batch or slot: its loss would be noticed
};

// What a writer did since Start.
struct WriterStats {
  std::string storage = {};       // "io_uring", "posix"
  std::string storage_note = {};  // why not the other one
  uint64_t records = 0;
  uint64_t groups = 0;
  uint64_t batches = 0;         // data batches submitted
  uint64_t payload_bytes = 0;   // of records
  uint64_t written_bytes = 0;   // of batches, padding included
  uint64_t flushes = 0;         // flushes on their own: os mode, rotation, close
  uint64_t durable_writes = 0;  // writes that are durable when they complete
  uint64_t watermark_slots = 0;
  uint64_t rotations = 0;
  uint64_t short_writes = 0;
  uint64_t stalls = 0;  // times that Append had to wait for the window or for a segment
};

// One thread at a time: the one that called Start (the ring refuses others).  Wake may be called
// from any.
//
// After an I/O error the log is poisoned: nothing more is taken or released, every call returns the
// first error, and what had been released stays released.  Reopen the directory to go on.  A flush
// is never tried twice.
class Writer {
 public:
  // Takes over `recovered` with its lock and starts a new segment (epoch + 1), durable before this
  // returns.  Creates the log if the directory held none. Errors: InvalidArgument for options that
  // contradict each other; Unimplemented for a durability not built; I/O errors.
  static absl::StatusOr<std::unique_ptr<Writer>> Start(RecoveredLog recovered,
                                                       const Options& options);

  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  // Without Close: nothing is flushed, as if the process had died here.
  ~Writer();

  // Whether Append would take `group`: the refusals of Append come from here, and what it has to wait
  // for is waited for here.  For those who must know before they change anything: an Append that
  // follows at once fails only with the log itself.
  absl::Status Admit(std::span<const NewRecord> group);

  // Takes `group`, stored together or not at all, and returns the seq of its last record; seqs are
  // dense.  `state_digest` is the application's digest of its state after the group (0: none).
  // Payloads are copied.  Writes nothing by itself, except that it drives the log, as Poll does,
  // while `inflight_bytes_max` not yet durable bytes are held, or while the next segment is being
  // prepared and the group needs it. Errors, all before anything is taken: InvalidArgument for an
  // empty group; OutOfRange for a record or group over its fixed limit (it will never fit);
  // ResourceExhausted for no space for the next segment (worth trying again: space freed is
  // noticed); the error that poisoned the log; FailedPrecondition after Close.
  absl::StatusOr<uint64_t> Append(std::span<const NewRecord> group, uint64_t state_digest);

  // Writes what is ready, takes in what completed, rotates segments.  Waits at most `wait_max`,
  // once, and only if there is nothing to do: it may return early, and is meant to be called again.
  // Zero never waits for a batch (but changing to the next segment waits for its header to be
  // durable).  Returns the error that poisoned the log.
  absl::Status Poll(absl::Duration wait_max);

  // Makes a waiting Poll return, or the next one that would wait.  From any thread.
  void Wake();

  // The watermark that the durability asks for: replies and effects up to it may leave.
  uint64_t released() const;
  Watermarks watermarks() const;
  uint32_t epoch() const;
  uint64_t next_seq() const;

  // Prepares the next segment if there is none, for at most about `budget`.  With
  // Options::helper_thread a thread of the writer's does this; without, Maintain does, and Append
  // itself when it cannot go on otherwise.
  absl::Status Maintain(absl::Duration budget);

  // Waits until all that was appended is durable, whatever the durability.
  absl::Status Flush();

  // Flush, then a clean end is noted on disk.  Appends are refused afterwards.  The lock is held
  // until destruction.
  absl::Status Close();

  WriterStats stats() const;

  class Impl;

 private:
  explicit Writer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stet::wal

#pragma GCC visibility pop
