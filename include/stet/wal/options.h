// How a log is opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/time/time.h>

#pragma GCC visibility push(default)

namespace stet::wal {

class Storage;

// When an append counts as released.  What survives is always a prefix of the order of appends.
//
//   mode      released when                      survives    survives a power cut   one fault of the
//                                                kill -9     (honest disk)          disk in it is
//   memory    enqueued                           -           -                      -
//   os        its write completed                all         what came before the   -
//                                                            last flush
//   interval  its write completed                all         all but the last       noticed, in what
//                                                            flush_interval or      was flushed
//                                                            flush_bytes
//   commit    its write is flushed               all         all                    noticed, but for
//                                                                                   the last moments
//   witness   it is flushed, and a later flushed all         all                    noticed
//             batch or a watermark slot says so
//
// "Noticed": a flipped bit, an unreadable sector, a lost or misplaced write makes the next open
// refuse with the exact range, and is never taken for the torn end of a crash.  In mode commit that
// needs a later batch, or the slot that is written when the log falls idle (idle_watermark).
//
// An append may ask for more than its log gives (`at_least` of Log::Append and Writer::Append), so
// that a log in mode os can hold the few records whose loss nobody could explain as safely as one in
// mode commit.  Then everything before it is as safe, and what is appended behind it is released
// after it.
//
// In every mode a flush starts before more than inflight_bytes_max are not flushed, and appends wait
// for it.
enum class Durability : uint8_t { kMemory, kOs, kInterval, kCommit, kWitness };
std::string_view ToString(Durability durability);

// Which way the log talks to the disk.  kAuto: io_uring where the kernel allows it, else posix; the
// reason is in WriterStats::storage_note and RecoveryReport::storage_note.
enum class Backend : uint8_t { kAuto, kUring, kPosix };

// How a batch is made durable, in the modes that flush it at once.
//
//   auto            the quickest of the three on this disk: the first open of a directory measures,
//                   and keeps the answer there; WriterStats::operation_note says why
//   durable_write   each batch by a write that is durable when it completes (RWF_DSYNC)
//   write_flush     writes, then one flush for all that completed before it, in order
//   linked_flush    each batch by a write and a flush behind it, in one system call
enum class Operation : uint8_t { kAuto, kDurableWrite, kWriteThenFlush, kLinkedFlush };
std::string_view ToString(Operation operation);

// What becomes of a segment that Writer::Retire gave up.
//
//   recycle  its file is filled with zeros and becomes a later segment: its blocks stay where they
//            are, and nothing is given back to the file system only to be asked for again.  Deleted
//            instead when it has a second name, when somebody holds the lock file RETAIN in the log's
//            directory (a backup that reads segments), or when two are kept already
//   delete   deleted
//   archive  moved to Options::archive_directory, under its name
enum class Retired : uint8_t { kRecycle, kDelete, kArchive };

// What open does with a fully written last batch that does not verify (SUSPECT_TAIL).
enum class TailPolicy : uint8_t { kStrict, kLenient };

// The largest batch, and so about the largest group, of a log with such segments: a quarter of one,
// so that a lost segment end wastes little, and at most 16 MiB.
constexpr uint64_t BatchBytesMaxOf(uint64_t segment_bytes) {
  constexpr uint64_t kMost = 16 << 20;
  return segment_bytes / 4 < kMost ? segment_bytes / 4 : kMost;
}

struct Options {
  std::string directory = {};
  // Make a new log if the directory holds none; NOT_A_LOG otherwise.
  bool create = false;
  Durability durability = Durability::kCommit;
  // Mode interval: a flush starts when the oldest byte that is not flushed was written this long ago,
  // or when so many bytes are not flushed, whichever comes first.  Zero: a flush at once, never two.
  absl::Duration flush_interval = absl::Milliseconds(10);
  uint64_t flush_bytes = 1 << 20;
  // Batches on their way to the disk at once, 1 to 64.  One that is full follows those before it at
  // once, up to the larger number.  One that still takes more records gathers them while others fly;
  // from 64 KiB on it follows too, up to the smaller number.
  uint32_t batches_in_flight_min = 2;
  uint32_t batches_in_flight_max = 16;
  Backend backend = Backend::kAuto;
  Operation operation = Operation::kAuto;
  TailPolicy tail = TailPolicy::kStrict;
  // 64 KiB .. 2 GiB, a multiple of 64 KiB.  A group takes at most a quarter of it.
  uint64_t segment_bytes = 64 << 20;
  // Of the first segment of an epoch; later ones double up to segment_bytes.
  uint64_t first_segment_bytes = 4 << 20;
  // A batch closes at this size; a larger group makes a larger batch (<= 16 MiB).
  uint32_t batch_bytes_max = 1 << 20;
  // End of the newest batch minus the durable end: the window that recovery relies on.
  uint32_t inflight_bytes_max = 32 << 20;
  // Idle time after which a watermark slot is written.
  absl::Duration idle_watermark = absl::Milliseconds(5);
  // How long to try for the lock of the directory.
  absl::Duration lock_wait = absl::Seconds(1);
  // Prepare the next segment on a thread; false: in Writer::Maintain, by whoever drives the writer.
  bool helper_thread = true;
  Retired retired = Retired::kRecycle;
  // An existing directory on the log's file system; only with Retired::kArchive.
  std::string archive_directory = {};
  // Of the digests given to Append; 0: none.
  uint32_t state_digest_version = 0;
  // Newest record types that this writer may write.
  uint16_t event_level = 1;
  // Newest record types that the reader understands; a higher level is refused as UNSUPPORTED.
  uint16_t event_level_max = 1;
  // Null: the machine's, as `backend` says.  Must outlive what is opened with it.
  Storage* storage = nullptr;
};

// Sets durability, and the time and bytes of an interval, from text: memory, os, interval,
// interval:TIME, interval:TIME,BYTES, commit or witness; as in "interval:10ms,1MiB".  TIME is as
// absl::ParseDuration takes it, BYTES a number with B, KiB, MiB or GiB behind it.
// Errors: InvalidArgument, saying what may be given; `options` is unchanged then.
absl::Status SetDurability(std::string_view text, Options* options);

// What opening would refuse whatever the directory holds.
// Errors: InvalidArgument, naming both numbers, if sizes are out of range or do not nest: record <=
// group <= a quarter of the largest segment <= window.
absl::Status CheckOptions(const Options& options);

}  // namespace stet::wal

#pragma GCC visibility pop
