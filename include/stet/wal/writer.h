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
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/wal/disk.h"
#include "stet/wal/options.h"
#include "stet/wal/reader.h"
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

// Something that went wrong while the log was written, and what came of it.
struct WriterFailure {
  enum class Kind : uint8_t {
    kWrite,    // of a batch or a slot
    kFlush,    // never tried again: the kernel may report a loss only once
    kSegment,  // the next segment could not be made
    kSwitch,   // the next segment could not be taken into use
    kQueue,    // the queue to the disk refused to work
  };
  enum class Outcome : uint8_t {
    kFailedOver,  // what was held has gone to the next segment; nothing was lost
    kWaits,       // tried again when there is space; appends are refused until then
    kPoisoned,    // the log takes and releases nothing more
  };
  Kind kind = Kind::kWrite;
  Outcome outcome = Outcome::kFailedOver;
  int64_t time_ns = 0;       // since the Unix epoch
  uint64_t durable_seq = 0;  // what was flushed when it happened
  std::string text = {};     // what was done, on which file and place, and the errno
};
std::string_view ToString(WriterFailure::Kind kind);
std::string_view ToString(WriterFailure::Outcome outcome);

// What a writer did since Start.
struct WriterStats {
  std::string storage = {};       // "io_uring", "posix"
  std::string storage_note = {};  // why not the other one
  Durability durability = Durability::kCommit;
  Operation operation = Operation::kDurableWrite;  // in use; never kAuto
  std::string operation_note = {};  // how it was chosen, with what was measured; empty if asked for
  uint64_t records = 0;
  uint64_t groups = 0;
  uint64_t batches = 0;         // data batches submitted
  uint64_t payload_bytes = 0;   // of records
  uint64_t written_bytes = 0;   // of batches, padding included
  uint64_t flushes = 0;         // flushes on their own, with those behind linked writes
  uint64_t durable_writes = 0;  // writes that are durable when they complete
  uint64_t watermark_slots = 0;
  uint64_t rotations = 0;
  uint64_t short_writes = 0;
  uint64_t stalls = 0;  // times that Append had to wait for the window or for a segment
  uint32_t batches_in_flight_peak = 0;
  uint64_t failovers = 0;
  uint64_t failures = 0;  // all of them
  uint64_t segments_retired = 0;
  uint64_t segments_recycled = 0;  // made of retired ones
  QueueStats queue = {};           // to the disk
  bool low_space = false;  // the next segment cannot be made: what is active is all there is
  std::vector<WriterFailure> last_failures = {};  // the newest last, at most 8
};

// One thread at a time: the one that called Start (the ring refuses others).  Wake may be called
// from any.
//
// A write or a flush that fails ends its segment, not the log: what is not durable yet is held, in
// every mode, and goes to the next segment, in the same order and with the same seqs.  Nothing that
// was released is lost by it, callers notice nothing, and stats() tells it.  A flush is never tried
// twice.  The third failure within a minute, or one while the log changes to the next segment,
// poisons the log: nothing more is taken or released, every call returns the first error, and what
// had been released stays released.  Reopen the directory to go on.
class Writer {
 public:
  // Takes over `recovered` with its lock and starts a new segment (epoch + 1), durable before this
  // returns.  Creates the log if the directory held none. Errors: InvalidArgument for options that
  // contradict each other; I/O errors.
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
  // Payloads are copied.  What waits is written by Poll; only of a caller that appends much without
  // one (256 KiB, or a full batch, while nothing flies) it is submitted here.  Waits, driving the log
  // as Poll does, while `inflight_bytes_max` not yet durable bytes are held, or while the next
  // segment is being prepared and the group needs it.  Errors, all before anything is taken:
  // InvalidArgument for an empty group; OutOfRange for a record or group over its fixed limit (it
  // will never fit); ResourceExhausted for no space for the next segment (worth trying again: space
  // freed is noticed); the error that poisoned the log; FailedPrecondition after Close.
  //
  // `at_least` strengthens the log's durability for this group, and never weakens it: released()
  // stays before the group until what that mode asks for is done, and this is begun at once.  As
  // releases are in order, later groups wait for it too.
  absl::StatusOr<uint64_t> Append(std::span<const NewRecord> group, uint64_t state_digest,
                                  Durability at_least = Durability::kMemory);

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

  // The place of a snapshot that holds all up to watermarks().durable: where the last durable batch
  // ends.  Its seq is 0 until a batch of this writer is durable.
  Anchor durable_end() const;

  // Reads what is durable now, from `from_seq` on; it may be used on another thread.  The writer must
  // stay, and must not retire what is still to be read.
  Reader NewReader(uint64_t from_seq = 1) const;

  // Prepares the next segment if there is none, for at most about `budget`.  With
  // Options::helper_thread a thread of the writer's does this; without, Maintain does, and Append
  // itself when it cannot go on otherwise.
  absl::Status Maintain(absl::Duration budget);

  // Gives up all segments that lie wholly before `anchor`, the place of a snapshot that is durable
  // itself and from which the log will be opened (Recover): their records can no longer be read.
  // What becomes of the files says Options::retired; the helper thread does it, some time, if there
  // is one.  Errors: FailedPrecondition for an anchor behind what is durable; without a helper
  // thread I/O errors, which do not harm the log (with one they are among the failures in stats()):
  // what was not retired is retired with the next call.
  absl::Status Retire(const Anchor& anchor);

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
