// The log's format on disk: every structure, byte by byte, and when each is valid.
//
// All integers are little-endian.  Every structure is naturally aligned and has no implicit
// padding. Reserved bytes are written 0 and verified 0.  Digests are XXH3-128, unseeded on purpose:
// a header that is intact but has the wrong salt or place can be named (stale, misplaced, foreign)
// instead of being "checksum mismatch".
//
//   LSN   segment number << 32 | offset in the segment: it names file and byte
//   seq   dense number of a record, from 1
//   A     commit alignment of a segment, a power of two >= 4096: every write starts and ends on it,
//         and no block that holds accepted data is ever written again
//
// A segment file:
//
//    0        A        2A       3A       4A                                        segment_bytes
//    +--------+--------+--------+--------+-----------+-------+-----------+---------+
//    | header | header | slot 0 | slot 1 | batch     | batch | batch     | zeros   |
//    | copy A | copy B |        |        |           |       |           |         |
//    +--------+--------+--------+--------+-----------+-------+-----------+---------+
//      256 B    256 B    128 B    128 B    each a multiple of A
//
// It is filled with zeros before its first use, so that a sector which was never written shows.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include <stet/wal/record.h>

#include "wal/digest.h"

namespace stet::wal {

static_assert(std::endian::native == std::endian::little, "the structures are copied as they are");

inline constexpr uint32_t kSectorBytes = 512;  // the unit that a disk writes whole or not at all
inline constexpr uint32_t kCommitAlignMin = 4096;       // A
inline constexpr uint32_t kCommitAlignMax = 64 << 10;   // of A
inline constexpr uint32_t kHeaderBlocks = 4;            // blocks of A bytes before the first batch
inline constexpr uint32_t kRecordAlignLog2 = 4;         // as written; 4..6 can be read
inline constexpr uint64_t kSegmentBytesMin = 64 << 10;  // that a reader accepts
inline constexpr uint64_t kSegmentBytesMax = uint64_t{2} << 30;
inline constexpr uint32_t kPayloadBytesMax = (8 << 20) + (64 << 10);
inline constexpr uint32_t kBatchBytesMax = 16 << 20;

constexpr uint64_t MakeLsn(uint64_t segno, uint64_t offset) { return segno << 32 | offset; }
constexpr uint64_t SegnoOf(uint64_t lsn) { return lsn >> 32; }
constexpr uint64_t OffsetOf(uint64_t lsn) { return lsn & 0xffffffff; }
// `align` is a power of two; a division would take longer than the rest of an append's arithmetic.
constexpr uint64_t AlignUp(uint64_t value, uint64_t align) {
  return (value + align - 1) & ~(align - 1);
}

// Why a structure is not valid; the first that applies, in this order.
enum class Flaw : uint8_t {
  kNone,
  kZero,         // all zero: never written
  kMagic,        // something else stands here
  kDigest,       // its bytes are not those that were written
  kUnsupported,  // intact, of a newer version
  kReserved,     // intact, but bytes that must be zero are not
  kValue,        // intact, but a field is out of its range
  kBody,         // batch: the body's digest does not agree
  kRecord,       // batch: a record's check, place or seq does not agree
  kUnreadable,   // the device reports an error
};
std::string_view ToString(Flaw flaw);

// The segment header, in block 0 and again in block 1.
//
//    offset  bytes                      offset  bytes
//    0       8   "WFLOGSEG"             88      8   first_seq
//    8       2   major                  96      8   prev_segno
//    10      2   minor                  104     8   prev_end_lsn
//    12      4   header_bytes = 256     112     8   prev_last_seq
//    16      16  log_uuid               120     16  prev_batch_id
//    32      8   segno                  136     8   prev_durable_lsn
//    40      8   salt                   144     8   discarded_to_lsn
//    48      4   epoch                  152     8   created_ns
//    52      1   state                  160     8   snapshot_seq
//    53      1   commit_align_log2      168     16  snapshot_id
//    54      1   record_align_log2      184     4   state_digest_version
//    55      1   fill                   188     2   event_level
//    56      8   segment_bytes          190     50  reserved 0
//    64      4   checksum               240     16  digest
//    68      4   inflight_bytes_max
//    72      12  features: compat, ro_compat, incompat
//    84      4   start_reason
//
// A header is valid if and only if (1) magic is "WFLOGSEG", (2) digest is that of [0, 240), (3) major
// is 1, no incompat bit is set and checksum is 1, (4) the reserved bytes are zero, (5) length is 256,
// state, alignments and segment_bytes are in range, segno is not 0.
//
// The segment is in use if and only if either copy is valid and says kActive: activation writes both
// copies at once, and either may be missing after a crash.  A provisional header has its final uuid,
// segno, salt and size, and zeros in prev_*.
enum class SegmentState : uint8_t { kProvisional = 1, kActive = 2 };
enum class Fill : uint8_t { kZeroed = 1, kStale = 2 };
enum class StartReason : uint32_t {
  kCreate,
  kRotate,
  kCleanOpen,
  kCrashRecovery,
  kFailover,
  kRepair
};
std::string_view ToString(StartReason reason);

inline constexpr uint64_t kSegmentMagic = 0x4745'5347'4f4c'4657;  // "WFLOGSEG"
inline constexpr uint16_t kFormatMajor = 1;
inline constexpr uint16_t kFormatMinor = 0;
inline constexpr uint32_t kChecksumXxh3 = 1;

struct SegmentHeader {
  uint64_t magic = kSegmentMagic;
  uint16_t major = kFormatMajor;
  uint16_t minor = kFormatMinor;
  uint32_t header_bytes = 256;
  Digest log_uuid = {};  // which log: a foreign file shows
  uint64_t segno = 0;    // a misnamed or misdirected file shows
  uint64_t salt = 0;     // random, never used again: batches of an older use of the file show
  uint32_t epoch = 0;    // which opening for writing
  SegmentState state = SegmentState::kProvisional;
  uint8_t commit_align_log2 = 12;
  uint8_t record_align_log2 = kRecordAlignLog2;
  Fill fill = Fill::kZeroed;
  uint64_t segment_bytes = 0;
  uint32_t checksum = kChecksumXxh3;
  uint32_t inflight_bytes_max = 0;  // end of the newest batch minus durable end never exceeded it
  uint32_t features_compat = 0;
  uint32_t features_ro_compat = 0;
  uint32_t features_incompat = 0;
  StartReason start_reason = StartReason::kCreate;
  uint64_t first_seq = 0;
  uint64_t prev_segno = 0;    // 0: none, and the three below are 0; else segno - 1
  uint64_t prev_end_lsn = 0;  // the end of the segment before: what stands behind it is dead
  uint64_t prev_last_seq = 0;
  Digest prev_batch_id = {};      // its last accepted batch: its content is pinned by this
  uint64_t prev_durable_lsn = 0;  // its watermark at the switch
  uint64_t discarded_to_lsn = 0;  // end of the bytes that were dropped behind prev_end_lsn; 0: none
  int64_t created_ns = 0;
  uint64_t snapshot_seq = 0;  // newest snapshot at creation, a hint; 0: none
  Digest snapshot_id = {};
  uint32_t state_digest_version = 0;  // of the digests in its batch headers; 0: none
  uint16_t event_level = 0;           // newest record types it may hold
  uint8_t reserved[50] = {};
  Digest digest = {};
};

// A watermark slot, in block 2 (even slot_no) or 3 (odd): how far the segment is durable.
//
//    0      4       8      16        24            32            40         56
//    +------+-------+------+---------+-------------+-------------+----------+
//    |"WMRK"| flags | salt | slot_no | durable_lsn | durable_seq | batch_id |
//    +------+-------+------+---------+-------------+-------------+----------+
//    56        64           112      128
//    +---------+------------+--------+
//    | time_ns | reserved 0 | digest |
//    +---------+------------+--------+
//
// A slot is valid if and only if (1) magic, (2) digest is that of [0, 112), (3) no unknown flag,
// (4) reserved is zero, (5) salt is the segment's, (6) slot_no & 1 is its position, (7) durable_lsn
// lies in the segment, on A.  The valid slot with the higher slot_no counts.  It is written only
// when the batch it names is durable, so it is a promise: a log that ends before it has lost
// something.
inline constexpr uint32_t kSlotMagic = 0x4b524d57;  // "WMRK"
inline constexpr uint32_t kSlotCleanClose = 1;

struct WatermarkSlot {
  uint32_t magic = kSlotMagic;
  uint32_t flags = 0;
  uint64_t salt = 0;
  uint64_t slot_no = 0;
  uint64_t durable_lsn = 0;  // end of the batch it names; place of the first one if there is none
  uint64_t durable_seq = 0;
  Digest batch_id = {};  // of the batch that ends at durable_lsn; prev_batch_id if there is none
  int64_t time_ns = 0;
  uint8_t reserved[48] = {};
  Digest digest = {};
};

// The header of a batch; its body and zeros up to a multiple of A follow.
//
//    0      4       5    6     8          12           16   24  32        40    44    48
//    +------+-------+----+-----+----------+------------+----+---+---------+-----+-----+-----------+
//    |"WBAT"|version|kind|flags|body_bytes|zero_sectors|salt|lsn|first_seq|count|epoch|durable_lsn|
//    +------+-------+----+-----+----------+------------+----+---+---------+-----+-----+-----------+
//    56        64            80              96         104            112        128
//    +---------+-------------+---------------+----------+--------------+----------+
//    |closed_ns| body_digest | prev_batch_id | prev_lsn | state_digest | batch_id |
//    +---------+-------------+---------------+----------+--------------+----------+
//
// The header is intact if and only if (1) magic, (2) batch_id is the digest of [0, 112), (3) version
// is 1, kind is known or at least 128 (no records, skipped), no flag is unknown, (4) its length fits
// the limits.  That length is BatchBytes(body_bytes, A): none is trusted before its checksum.
//
// The batch is valid in its place if and only if also (5) salt and epoch are the segment's, lsn is its
// place, (6) body_digest is that of body and padding, (7) prev_batch_id is the id of the batch before
// it (across segments too), first_seq continues it, prev_lsn is that batch's lsn, (8) its records
// verify.
//
// The batch is torn if and only if its first sector is all zero, or the header is intact and more
// sectors of header and body are all zero than zero_sectors says.  (A sector is written whole or not
// at all, and the file was zero before: only this can a crash do.)
enum class BatchKind : uint8_t { kData = 1, kSegmentEnd = 2 };
inline constexpr uint32_t kBatchMagic = 0x54414257;  // "WBAT"
inline constexpr uint8_t kBatchVersion = 1;
inline constexpr uint16_t kBatchRelaxed = 2;  // a record was released before it was durable

struct BatchHeader {
  uint32_t magic = kBatchMagic;
  uint8_t version = kBatchVersion;
  BatchKind kind = BatchKind::kData;
  uint16_t flags = 0;
  uint32_t body_bytes = 0;    // the records with their alignment, without the padding to A
  uint32_t zero_sectors = 0;  // sectors of header and body that are all zero by content
  uint64_t salt = 0;
  uint64_t lsn = 0;
  uint64_t first_seq = 0;
  uint32_t record_count = 0;
  uint32_t epoch = 0;
  uint64_t durable_lsn = 0;  // batches that end here or before were durable when it was sealed
  int64_t closed_ns = 0;
  Digest body_digest = {};
  Digest prev_batch_id = {};  // 0: the log's first
  uint64_t prev_lsn = 0;
  uint64_t state_digest = 0;  // of the application's state behind its last record; 0: none
  Digest batch_id = {};
};

// A record; it starts at a multiple of 2^record_align_log2 in the file, and so does the next.
//
//    0             4     8   16     24   26    27         28        32
//    +-------------+-----+---+------+----+-----+----------+---------+---------+-------+
//    |payload_bytes|check|seq|stream|type|flags|reserved 0|schema_id| payload | zeros |
//    +-------------+-----+---+------+----+-----+----------+---------+---------+-------+
//
// A record is valid if and only if (1) payload_bytes and the alignment stay in the body, (2) check
// is the low half of XXH3-64(these 32 bytes with check 0, then XXH3-64(payload)), (3) flags and
// reserved are 0, (4) seq is its batch's first_seq plus its index, (5) the zeros are zero.  The
// producer can hash the payload alone and fold the header in when the seq is known.
struct RecordHeader {
  uint32_t payload_bytes = 0;
  uint32_t check = 0;
  uint64_t seq = 0;
  uint64_t stream = 0;
  uint16_t type = 0;
  uint8_t flags = 0;
  uint8_t reserved = 0;
  uint32_t schema_id = 0;
};

// The body of a kSegmentEnd batch: the segment is finished, and `next_segno` exists.  Its
// record_count is 0, its first_seq that of the next record.  An index of `index_count` entries
// follows, rising in both fields: about every 64 KiB, which batch starts where.
//
//    0          8         16      24      32            40          44         48
//    +----------+---------+-------+-------+-------------+-----------+----------+---------------
//    |next_segno|next_salt|records|batches|payload_bytes|index_count|reserved 0| index entries
//    +----------+---------+-------+-------+-------------+-----------+----------+---------------
struct SegmentEnd {
  uint64_t next_segno = 0;
  uint64_t next_salt = 0;
  uint64_t records = 0;
  uint64_t batches = 0;  // without this one
  uint64_t payload_bytes = 0;
  uint32_t index_count = 0;
  uint32_t reserved = 0;
};
struct IndexEntry {
  uint64_t seq = 0;     // first_seq of the batch
  uint64_t offset = 0;  // of the batch, in the segment
};
inline constexpr uint64_t kIndexEvery = 64 << 10;

// The file LOG_ID: this directory is a log, and which.
//
//    0          8     10    12         16         32           40             48       64
//    +----------+-----+-----+----------+----------+------------+--------------+--------+
//    |"WFLOGID\0"|major|minor|reserved 0| log uuid | created_ns | opened_segno | digest |
//    +----------+-----+-----+----------+----------+------------+--------------+--------+
//
// Valid if and only if (1) the file has 64 bytes, (2) magic, (3) digest is that of [0, 48), (4)
// major is 1, (5) reserved is zero, and so is opened_segno if minor is 0.
//
// It is written when segment 1 is active and durable, and again whenever a segment has become active,
// durably, that continues one without SEGMENT_END: at each later opening, and when a segment fails.
// Nothing in that segment is acknowledged before LOG_ID names it, so a log that ends before it has lost
// it.  The file is replaced by a rename: a crash leaves the old one or the new one, and both are true.
// Minor 0 with opened_segno 0 is what an older build writes: then nothing is known.
inline constexpr uint16_t kLogIdMinorOpened = 1;                // from here on opened_segno counts
inline constexpr uint64_t kLogIdMagic = 0x0044'4947'4f4c'4657;  // "WFLOGID\0"

struct LogId {
  uint64_t magic = kLogIdMagic;
  uint16_t major = kFormatMajor;
  uint16_t minor = kFormatMinor;
  uint32_t reserved = 0;
  Digest log_uuid = {};
  int64_t created_ns = 0;
  uint64_t opened_segno =
      0;  // newest segment that continues one without SEGMENT_END; 0: none known
  Digest digest = {};
};

// Sizes and places on disk are those of the structs above.
inline constexpr uint64_t kRecordHeaderBytes = sizeof(RecordHeader);
inline constexpr uint64_t kBatchHeaderBytes = sizeof(BatchHeader);

// Length of a batch on disk, and of a record in its batch.
constexpr uint64_t BatchBytes(uint64_t body_bytes, uint64_t commit_align) {
  return AlignUp(kBatchHeaderBytes + body_bytes, commit_align);
}
constexpr uint64_t RecordBytes(uint64_t payload_bytes, uint32_t record_align_log2) {
  return AlignUp(kRecordHeaderBytes + payload_bytes, uint64_t{1} << record_align_log2);
}
constexpr uint64_t FirstBatchOffset(uint64_t commit_align) { return kHeaderBlocks * commit_align; }

// A structure as bytes, and back.  Load reads the first sizeof(T) bytes.
template <typename T>
Bytes BytesOf(const T& value) {
  static_assert(std::has_unique_object_representations_v<T>);
  return std::as_bytes(std::span<const T, 1>(&value, 1));
}
template <typename T>
T Load(Bytes bytes) {
  static_assert(std::has_unique_object_representations_v<T>);
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// Computes and sets the digest.
void Seal(SegmentHeader* header);
void Seal(WatermarkSlot* slot);
void Seal(LogId* id);

// The validity rules above, as far as the structure alone decides them.
Flaw Check(const SegmentHeader& header);
Flaw Check(const WatermarkSlot& slot);
Flaw Check(const LogId& id);
Flaw Check(const BatchHeader& header);

// Whether all bytes are zero.
bool AllZero(Bytes bytes);

// Hash64 of a record's payload: the same value, sooner where it is short.
uint64_t PayloadHash(Bytes payload);

// The check of a record whose payload hashes (Hash64) to `payload_hash`; header.check is ignored.
uint32_t RecordCheck(const RecordHeader& header, uint64_t payload_hash);

// The same, with the payload itself.
uint32_t RecordCheck(const RecordHeader& header, Bytes payload);

}  // namespace stet::wal
