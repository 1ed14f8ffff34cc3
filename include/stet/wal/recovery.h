// What open decides about a log: accept it up to a place, or refuse with the exact range.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "stet/wal/options.h"
#include "stet/wal/reader.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// What a log is found to be.
enum class Verdict : uint8_t {
  kClean,      // ends where its last batch ends; nothing stands behind it
  kTornTail,   // behind the end lie parts of writes that were in flight at a crash: dropped
  kStaleTail,  // behind the end lie bytes of an older use of the file: dropped
  kUnborn,     // creation did not finish, or the directory is empty: nothing was ever acknowledged
  kRefused,    // `refusal` says why
};
std::string_view ToString(Verdict verdict);

// Why open refuses.  Each stands for a row of the table in wal/README.md.
enum class Refusal : uint8_t {
  kNone,
  kLostTail,           // nothing stands where durable data is promised
  kCorruptAcked,       // damage before the end that is proved durable
  kSuspectTail,        // the last batch is fully written and wrong: no crash does that
  kMisdirected,        // a batch of another place stands where durable data is promised
  kChainBroken,        // intact pieces that do not belong together
  kIoError,            // the device does not return bytes that are needed
  kTruncated,          // a file ends before the durable data in it does
  kHeaderLost,         // both copies of a segment's header are unusable
  kMissingSegment,     // a segment inside the chain, or the successor of a finished one
  kMisnamed,           // a file whose name and header differ
  kForeign,            // a segment of another log
  kUnsupported,        // made by a newer version
  kNoBase,             // the log starts behind seq 1, and no anchor covers what came before
  kLogBehindSnapshot,  // the log ends before an anchor does: durable records are missing
  kLogGap,             // records between the newest anchor and the log's first are missing
  kForkedHistory,      // the log holds another batch where an anchor says which one stands
  kLogMissing,         // LOG_ID is there, its segments are not
  kNotALog,            // no log here, and `create` was not given
  kNoLogId,            // batches are there, LOG_ID is missing or damaged
  kLocked,             // held by another process
  kNoAccess,           // the directory cannot be opened, listed or locked
};
std::string_view ToString(Refusal refusal);  // as in reports: LOST_TAIL, CORRUPT_ACKED, ...

enum class Severity : uint8_t { kInfo, kWarning, kRefusal };
std::string_view ToString(Severity severity);

// One observation, with its place.  Ranges are [begin, end); 0, 0 where there is none.
struct Finding {
  std::string code = {};  // SCREAMING_SNAKE, stable: scripts may match it
  Severity severity = Severity::kInfo;
  int row = 0;  // of the decision table in wal/README.md; 0: none
  std::string file = {};
  uint64_t offset = 0;  // in `file`
  uint64_t lsn_begin = 0;
  uint64_t lsn_end = 0;
  uint64_t first_seq = 0;  // first and last seq concerned, as far as known; 0, 0 otherwise
  uint64_t last_seq = 0;
  std::string text = {};          // one line: what was expected, what was found
  std::string next_command = {};  // what to run next; empty if nothing need be done

  std::string ToString() const;
};

// A place in a log up to which the application needs no records any more, because it has them in a
// snapshot that it has verified.  Recovery then needs the records behind it only: segments before it
// may be gone, and are not scanned if they are there.
//
// An anchor is also a promise: only durable records belong into a snapshot.  A log that ends before
// an anchor has lost something, and one that holds another batch there is not the log it was taken
// from.  Recover refuses both, whatever other anchors there are.
struct Anchor {
  uint64_t seq = 0;       // of the last record in the snapshot, at least 1
  uint64_t lsn = 0;       // end of the batch that holds it: BatchInfo::lsn + BatchInfo::bytes
  BatchId batch_id = {};  // of that batch

  bool operator==(const Anchor&) const = default;
};

// The anchor of a snapshot that holds all records up to the last one of `batch`.
Anchor AnchorBehind(const BatchInfo& batch);

// What was found, and decided.  Examining a log again gives the same report, but for its duration.
struct RecoveryReport {
  Verdict verdict = Verdict::kClean;
  Refusal refusal = Refusal::kNone;
  bool clean = false;  // the last writer closed the log in order

  // What is accepted.
  uint64_t first_seq = 0;    // the oldest record that is held; 0: none
  uint64_t last_seq = 0;     // the newest that was ever accepted, held or retired; 0: none
  uint64_t end_lsn = 0;      // end of the last accepted batch
  uint64_t durable_lsn = 0;  // end that watermarks prove durable; above end_lsn only if refused
  uint32_t first_epoch = 0;  // of the oldest segment; each opening for writing is an epoch
  uint32_t epoch = 0;        // of the last writer
  int segments = 0;          // all files of segments, prepared ones too
  // The newest one given, which the log confirms; records up to its seq need no replay.
  std::optional<Anchor> anchor = {};

  // What was dropped: bytes behind end_lsn that are not zero.  They were never acknowledged, and are
  // left where they are.
  uint64_t dropped_bytes = 0;
  uint64_t dropped_first_seq = 0;  // as far as headers of batches tell; 0, 0: they do not
  uint64_t dropped_last_seq = 0;
  uint64_t in_flight_batches = 0;  // of which there is an intact header behind end_lsn

  int healed = 0;  // copies of headers, and slots, that another one replaced

  // How it was found.
  int scanned_segments = 0;  // the others stand before the anchor: only their headers were read
  uint64_t scanned_bytes = 0;
  uint64_t batches = 0;  // in what was scanned
  absl::Duration duration = absl::ZeroDuration();
  std::vector<int> rows = {};  // of the decision table in wal/README.md that applied, in order
  std::optional<int> live_pid = {};  // Examine: who holds the log; judged up to its watermark
  std::string directory = {};
  std::string storage = {};       // "uring", "posix", ...
  std::string storage_note = {};  // why not the better one; empty otherwise
  std::vector<Finding> findings = {};

  bool refused() const { return verdict == Verdict::kRefused; }
  const Finding* refusal_finding() const;  // null unless refused
  std::string ToString() const;            // several lines, for people
};

struct RecoveredTail;  // what the writer must know to go on; private

// A log that open accepts, with its lock.  On disk nothing has been changed but the LOCK file (and,
// with `create`, its directory).  Movable; readers made by it need it, or the writer that it was
// moved into, to stay.  Not thread-safe.
class RecoveredLog {
 public:
  RecoveredLog(RecoveredLog&&) noexcept;
  RecoveredLog& operator=(RecoveredLog&&) noexcept;
  ~RecoveredLog();

  const RecoveryReport& report() const;
  uint64_t last_seq() const;
  uint32_t epoch() const;  // of the last writer, 0 if there was none; the next one is one more

  // Reads what the anchor of the report does not cover: all, if there is none.
  Reader NewReader() const;
  // Reads the accepted records with seq >= from_seq, in front of the anchor too.  If the log starts
  // later, because its beginning was retired, the reader's status is OutOfRange.
  Reader NewReader(uint64_t from_seq) const;

  const RecoveredTail& tail() const;

  class Impl;
  explicit RecoveredLog(std::unique_ptr<Impl> impl);
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Takes the lock and decides.  Idempotent: what it reads it leaves as it is.
//
// `anchors` are the verified snapshots of the application, in any order.  The log opens from the
// newest of them; without one it must start at seq 1.
//
// Errors: a refusal is DataLoss (FailedPrecondition kLocked, NotFound kNotALog, Unimplemented
// kUnsupported, Unavailable or PermissionDenied kNoAccess); RefusalOf tells which.  InvalidArgument
// if the options or an anchor make no sense.
absl::StatusOr<RecoveredLog> Recover(const Options& options, std::span<const Anchor> anchors = {});

// What Recover would decide if the lock were free: the same function, without the lock, and nothing
// is written.  A log that a live process holds is judged up to its watermark.
RecoveryReport Examine(const Options& options, std::span<const Anchor> anchors = {});

// Which refusal a status carries; kNone if it is none.
Refusal RefusalOf(const absl::Status& status);

}  // namespace stet::wal

#pragma GCC visibility pop
