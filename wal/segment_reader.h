// Reads a segment and says what stands where: headers, slots, batches in order, the first place that
// is not the next batch, and what lies behind it.  Nothing is decided here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "stet/wal/recovery.h"
#include "wal/batch.h"
#include "wal/format.h"
#include "wal/segment_bytes.h"

namespace stet::wal {

// Both copies of a segment's header.
struct HeaderCopies {
  std::array<Flaw, 2> flaw = {Flaw::kNone, Flaw::kNone};
  std::array<SegmentHeader, 2> header = {};  // meaningful where flaw is kNone or kUnsupported

  // The copy that counts: a valid active one, else a valid provisional one; null if there is none.
  const SegmentHeader* best() const;
};
HeaderCopies ReadHeaders(SegmentBytes* bytes);

// Both watermark slots.
struct Slots {
  std::array<Flaw, 2> flaw = {Flaw::kNone, Flaw::kNone};  // kValue: of another segment or place
  std::array<WatermarkSlot, 2> slot = {};                 // meaningful where flaw is kNone

  const WatermarkSlot* newest() const;  // null if none is valid
};
Slots ReadSlots(SegmentBytes* bytes, const SegmentHeader& header);

// What the next batch must continue.
struct Chain {
  Digest batch_id = {};               // of the last batch; 0: none yet
  std::optional<uint64_t> batch_lsn;  // of the last batch; nothing: not known
  uint64_t next_seq = 1;
  uint64_t state_digest = 0;  // the last one seen
};

// What stands at a place where a batch may be.
enum class Place : uint8_t {
  kValid,       // the next batch
  kZeros,       // nothing, nor behind it, to the end of the segment
  kTorn,        // a batch of which whole sectors are missing
  kDamaged,     // written whole, and wrong
  kStale,       // an intact header with another salt
  kMisplaced,   // an intact header of this segment, of another place
  kUnchained,   // an intact batch that does not continue the one before it
  kNewer,       // an intact header of a newer version
  kUnreadable,  // the device reports an error, here or behind it
};
std::string_view ToString(Place place);

struct Judgement {
  Place place = Place::kZeros;
  Flaw flaw = Flaw::kNone;
  BatchHeader header = {};  // if it is intact
  uint64_t bytes = 0;       // length of the batch, if the header is intact; else 0
  Bytes batch = {};         // the whole batch, if it is valid or unchained; until the next read
  std::string text = {};    // expected, found
  bool intact() const { return bytes != 0; }
};

// Judges the place `offset`; kZeros here only says that its first sector is zero.  Without a `chain`
// any intact batch in its place is valid.
Judgement JudgeAt(SegmentBytes* bytes, const SegmentHeader& header, uint64_t offset,
                  const Chain* chain, Records records = Records::kNow);

// What a scan found.
struct SegmentScan {
  uint64_t end = 0;  // offset P: behind the last valid batch
  Chain chain = {};  // up to there
  uint64_t batches = 0;
  uint64_t records = 0;
  uint64_t first_seq = 0;  // 0: no record
  int64_t first_ns = 0;    // of batches
  int64_t last_ns = 0;
  bool sealed = false;  // the last batch is SEGMENT_END
  SegmentEnd seal = {};
  std::string slot_conflict = {};  // a valid slot does not fit the batches before P; empty: none
  int slot_conflict_row = 0;
  std::string anchor_conflict = {};  // the same of an anchor

  // At P.
  Judgement at_end = {};
  // Behind P.
  uint64_t behind_lsn = 0;  // of the first batch with an intact header in its place; 0: none
  uint64_t behind_seq = 0;  // its first_seq
  uint64_t behind_count = 0;
  // Batches with an intact header at P or behind it, and the last seq of theirs; 0: none.
  uint64_t in_flight_count = 0;
  uint64_t in_flight_seq = 0;
  uint64_t used_end = 0;  // offset behind the last block that is not zero; at least P
  absl::Status unreadable = {};

  // W: all before this place was durable once.  And what says so.
  uint64_t durable_lsn = 0;
  uint64_t durable_seq = 0;  // last seq before it, if known; else 0
  std::string witness = {};
};

struct ScanInput {
  Slots slots = {};
  Chain before = {};                     // what the first batch continues
  uint64_t limit = 0;                    // offset; the segment's size for all
  std::span<const Anchor> anchors = {};  // those of other segments are passed over
};

// Scans the batches from the first on, at most to the limit.  At the limit nothing is judged; before
// it the rest of the segment is searched for witnesses.
SegmentScan ScanSegment(SegmentBytes* bytes, const SegmentHeader& header, const ScanInput& input);

}  // namespace stet::wal
