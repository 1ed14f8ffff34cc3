// Looks at any log, damaged or live, without lock and without writing: for tools.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "stet/wal/options.h"
#include "stet/wal/record.h"
#include "stet/wal/recovery.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// One of the two watermark slots of a segment.
struct SlotInfo {
  bool valid = false;
  std::string flaw = {};  // why not, if not valid: "zero" if it was never written
  uint64_t slot_no = 0;
  uint64_t durable_lsn = 0;
  uint64_t durable_seq = 0;
  bool clean_close = false;
  int64_t time_ns = 0;
};

// A segment, as its header and a scan of it say.
struct SegmentInfo {
  std::string file = {};  // its path
  uint64_t segno = 0;     // by name
  uint64_t file_bytes = 0;
  std::string state = {};                  // "active", "provisional", "damaged"
  std::array<std::string, 2> header = {};  // of each copy: "ok", or its flaw
  uint64_t segment_bytes = 0;
  uint32_t epoch = 0;
  std::string start_reason = {};  // "create", "rotate", "open", "recovery", "failover", "repair"
  uint64_t salt = 0;
  int64_t created_ns = 0;
  uint64_t prev_end_lsn = 0;
  uint32_t state_digest_version = 0;
  uint16_t event_level = 0;
  uint64_t first_seq = 0;  // 0, 0: no record
  uint64_t last_seq = 0;
  int64_t first_ns = 0;  // close times of its first and last batch
  int64_t last_ns = 0;
  uint64_t batches = 0;
  uint64_t records = 0;
  uint64_t used_bytes = 0;  // up to the end of the last batch in order
  bool sealed = false;      // ends in SEGMENT_END
  std::string chain = {};   // "ok", or what does not fit the segment before
  std::array<SlotInfo, 2> slots = {};
};

// Lists the segments in order of their numbers; the damaged ones too.
// Errors: NotFound, PermissionDenied, DataLoss: the directory cannot be read.
absl::StatusOr<std::vector<SegmentInfo>> ListSegments(const Options& options);

// A piece of a segment, as a scan sees it.
struct Span {
  enum class Kind : uint8_t {
    kBatch,       // valid, in its place in the chain
    kSegmentEnd,  // the same, and the last of its segment
    kDetached,    // a valid batch behind a bad place
    kZeros,       // never written
    kTorn,        // a batch of which whole sectors are missing
    kDamaged,     // bytes that verify as nothing
    kStale,       // a batch of an older use of the file
    kMisplaced,   // a batch of another place
    kUnchained,   // an intact batch that does not continue the one before it
    kUnreadable,  // the device reports an error
    kHeaderLost,  // a whole segment whose header is lost
  };
  Kind kind = Kind::kZeros;
  std::string file = {};
  uint64_t begin_lsn = 0;
  uint64_t bytes = 0;
  BatchInfo batch = {};              // if there is an intact batch header
  std::vector<Record> records = {};  // those that verify; they point into the scanner's buffer
  std::string text = {};             // what is wrong, if something is

  bool has_records() const { return kind == Kind::kBatch || kind == Kind::kDetached; }
};
std::string_view ToString(Span::Kind kind);

// Walks over everything that a directory's segments hold, and goes on behind damage.
class Scanner {
 public:
  // Errors: as ListSegments.
  static absl::StatusOr<Scanner> Open(const Options& options);
  Scanner(Scanner&&) noexcept;
  Scanner& operator=(Scanner&&) noexcept;
  ~Scanner();

  // Moves to the next piece; false at the end.  What span() gave before is gone.
  bool Next();
  const Span& span() const;

  class Impl;
  explicit Scanner(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

// A record out of a damaged log, with bytes of its own.
struct FoundRecord {
  uint64_t seq = 0;
  uint64_t lsn = 0;     // of its batch
  uint64_t offset = 0;  // of the record's header, in `file`
  std::string file = {};
  uint64_t stream = 0;
  uint16_t type = 0;
  uint32_t schema_id = 0;
  int64_t closed_ns = 0;  // when its batch was closed
  uint32_t epoch = 0;
  std::string payload = {};
};

// What to look for: exactly one is set.
struct FindQuery {
  std::optional<uint64_t> seq = {};
  std::optional<uint64_t> lsn = {};     // the record at this byte, else the first of its batch
  std::optional<int64_t> time_ns = {};  // the first record of a batch closed then or later
  std::optional<uint64_t> stream = {};  // its first record
};

// The first record that matches.  A seq is looked up through the headers of the segments and the
// index at the end of a finished one; the rest scans.
// Errors: NotFound, saying what is there instead; InvalidArgument unless one field is set; as
// ListSegments.
absl::StatusOr<FoundRecord> Find(const Options& options, const FindQuery& query);

// A range of seqs and LSNs that one of two logs holds alone.
struct OnlyRange {
  int side = 0;  // 0: the first log, 1: the second
  uint64_t lsn_begin = 0;
  uint64_t lsn_end = 0;
  uint64_t first_seq = 0;  // 0, 0: no record in it
  uint64_t last_seq = 0;
  uint64_t batches = 0;
};

// How two logs differ, batch by batch.
struct Difference {
  bool same_log = true;  // the segments carry one log id
  bool equal = true;     // the same batches
  uint64_t common_batches = 0;
  uint64_t common_last_seq = 0;  // of the last batch that both have before the fork
  uint64_t common_end_lsn = 0;
  // Where both have a batch at one place, and not the same: histories fork here.
  std::optional<uint64_t> fork_lsn = {};
  uint64_t fork_seq = 0;             // the first seq that may differ
  std::vector<OnlyRange> only = {};  // rising in LSN; ranges that follow each other are one
};

// Compares the batches that stand in their place in either log; what is damaged in one is missing
// there.  Errors: as ListSegments, of either.
absl::StatusOr<Difference> Diff(const Options& a, const Options& b);

// Where the segments of `directory` are: `directory` itself, or the folder `wal` in it.
std::string LogDirectory(const std::string& directory);

}  // namespace stet::wal

#pragma GCC visibility pop
