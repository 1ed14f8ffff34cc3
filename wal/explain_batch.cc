// Walks up to the place, since only what stands before says what should stand there.
#include "wal/explain_batch.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "wal/bit_flip.h"
#include "wal/explain_fields.h"
#include "wal/segment_walk.h"

namespace stet::wal {
namespace {

constexpr uint64_t kFlipBytesMax = 64 << 10;  // of a record: about two seconds

// The segment of which `salt` is, if it is here.
const SurveyedSegment* SegmentOfSalt(const Survey& survey, uint64_t salt) {
  for (const SurveyedSegment& segment : survey.segments) {
    const SegmentHeader* header = segment.copies.best();
    if (header != nullptr && header->salt == salt) return &segment;
  }
  return nullptr;
}

class BatchExplainer {
 public:
  BatchExplainer(Looking* looking, size_t i, const SegmentHeader& header)
      : survey_(looking->survey),
        segment_(looking->survey.segments[i]),
        header_(header),
        limit_(segment_.active() ? LimitOf(survey_, i) : header.segment_bytes) {}

  Explanation Run(uint64_t offset) {
    const Slots slots = ReadSlots(&segment_.bytes, header_);
    const SegmentScan scan = ScanSegment(
        &segment_.bytes, header_, {.slots = slots, .before = FirstChain(header_), .limit = limit_});
    durable_end_ = OffsetOf(scan.durable_lsn);
    witness_ = scan.witness;
    if (limit_ < header_.segment_bytes && limit_ > durable_end_) {
      durable_end_ = limit_;
      witness_ = "the header of the next segment";
    }
    const bool lost = segment_.copies.best() == nullptr;
    SegmentWalk walk(
        &segment_.bytes, header_, FirstBatchOffset(uint64_t{1} << header_.commit_align_log2),
        header_.segment_bytes, lost ? std::nullopt : std::optional(FirstChain(header_)));
    std::optional<Chain> chain = walk.chain();
    while (walk.Next()) {
      const Piece& piece = walk.piece();
      if (offset < piece.offset + piece.bytes) {
        Fill(piece, chain ? &*chain : nullptr, offset);
        break;
      }
      chain = walk.chain();
    }
    return std::move(said_);
  }

 private:
  void Fill(const Piece& piece, const Chain* chain, uint64_t offset);
  void FillRecord(const Piece& piece, uint64_t offset);
  void Judge(const Piece& piece);
  void JudgeBad(const Piece& piece);
  void JudgeForeignSalt(const Piece& piece);
  void ApplyFlip(const Piece& piece, Bytes bytes, const BitFlip& flip);
  std::string RecordOfFlip(const Piece& piece, Bytes bytes, const BitFlip& flip) const;
  std::optional<uint64_t> OverwrittenBy(const Piece& piece, uint64_t* at) const;

  Survey& survey_;
  SurveyedSegment& segment_;
  const SegmentHeader header_;
  const uint64_t limit_;
  uint64_t durable_end_ = 0;
  std::string witness_;
  Explanation said_;
};

void BatchExplainer::Fill(const Piece& piece, const Chain* chain, uint64_t offset) {
  said_.file = segment_.bytes.path();
  said_.offset = piece.offset;
  said_.lsn = MakeLsn(segment_.segno, piece.offset);
  said_.bytes = piece.bytes;
  if (piece.kind == Span::Kind::kZeros) {
    said_.structure = "unused space";
    said_.offset = offset / kCommitAlignMin * kCommitAlignMin;
    said_.bytes = piece.offset + piece.bytes - said_.offset;
    said_.lsn = MakeLsn(segment_.segno, said_.offset);
  } else {
    const bool end = piece.intact() && piece.header.kind == BatchKind::kSegmentEnd;
    said_.structure = end ? "segment end" : "batch";
  }
  if (piece.kind != Span::Kind::kZeros && piece.kind != Span::Kind::kUnreadable) {
    const absl::StatusOr<Bytes> read = segment_.bytes.At(piece.offset, kBatchHeaderBytes);
    if (read.ok()) {
      const auto batch = Load<BatchHeader>(*read);
      // The piece's bytes went with that read.
      const absl::StatusOr<Bytes> whole =
          segment_.bytes.At(piece.offset, std::max<uint64_t>(piece.batch_bytes, kSectorBytes));
      said_.fields = FieldsOf(batch, piece.offset, header_, chain,
                              piece.intact() && whole.ok() ? *whole : Bytes());
    }
  }
  if (piece.intact() && piece.header.record_count > 0) {
    said_.first_seq = piece.header.first_seq;
    said_.last_seq = piece.next_seq() - 1;
  }
  Judge(piece);
  if (piece.offset >= limit_ && piece.kind != Span::Kind::kZeros) {
    if (said_.cause == Cause::kIntact) said_.cause = Cause::kDead;
    said_.text += fmt::format(
        "{}behind lsn {:#x}, where the next segment says that this one ends: "
        "dropped there",
        said_.text.empty() ? "" : "; ", MakeLsn(segment_.segno, limit_));
  }
  if (piece.intact()) FillRecord(piece, offset);
}

void BatchExplainer::Judge(const Piece& piece) {
  said_.text = piece.text;
  switch (piece.kind) {
    case Span::Kind::kBatch:
    case Span::Kind::kSegmentEnd:
      said_.cause = Cause::kIntact;
      break;
    case Span::Kind::kDetached:
      said_.cause = Cause::kIntact;
      said_.text = "valid by itself; what it should continue is not readable";
      break;
    case Span::Kind::kZeros:
      said_.cause = piece.offset < durable_end_ ? Cause::kZeros : Cause::kUnused;
      if (said_.cause == Cause::kUnused) said_.text = "nothing was ever written here";
      break;
    case Span::Kind::kTorn:
      said_.cause = Cause::kTorn;
      break;
    case Span::Kind::kStale:
      JudgeForeignSalt(piece);
      break;
    case Span::Kind::kMisplaced:
      said_.cause = Cause::kMisdirected;
      said_.from_lsn = piece.header.lsn;
      break;
    case Span::Kind::kUnchained:
      said_.cause = Cause::kUnchained;
      break;
    case Span::Kind::kUnreadable:
      said_.cause = Cause::kUnreadable;
      break;
    case Span::Kind::kDamaged:
    case Span::Kind::kHeaderLost:
      JudgeBad(piece);
      break;
  }
  if (piece.offset >= segment_.bytes.file_bytes()) {
    said_.cause = Cause::kMissing;
    said_.text = fmt::format("the file has {} bytes, its header says {}",
                             segment_.bytes.file_bytes(), header_.segment_bytes);
  } else if (IsForeign(survey_, segment_)) {
    said_.cause = Cause::kForeign;
    said_.text = fmt::format("the segment is of log {}, this is log {}", ToString(header_.log_uuid),
                             ToString(survey_.log_id.log_uuid));
  }
  const bool here = said_.cause == Cause::kIntact || said_.cause == Cause::kUnused;
  said_.promised = piece.offset < durable_end_ && piece.offset < limit_;
  if (!here && said_.promised) {
    said_.text += fmt::format("{}it was durable once: {} proves all before lsn {:#x}",
                              said_.text.empty() ? "" : "; ", witness_,
                              MakeLsn(segment_.segno, durable_end_));
  }
}

// An intact header whose salt is not the segment's.
void BatchExplainer::JudgeForeignSalt(const Piece& piece) {
  const SurveyedSegment* owner = SegmentOfSalt(survey_, piece.header.salt);
  if (owner == nullptr) {
    said_.cause = Cause::kStale;
    return;
  }
  said_.cause = Cause::kMisdirected;
  said_.from_lsn = piece.header.lsn;
  said_.text = fmt::format("the batch of lsn {:#x} (salt {:016x} is that of segment {})",
                           piece.header.lsn, piece.header.salt, owner->segno);
}

void BatchExplainer::JudgeBad(const Piece& piece) {
  said_.cause = Cause::kDamaged;
  const uint64_t bytes = std::max<uint64_t>(piece.batch_bytes, kSectorBytes);
  const absl::StatusOr<Bytes> read = segment_.bytes.At(piece.offset, bytes);
  if (!read.ok()) return;
  if (Check(Load<BatchHeader>(*read)) == Flaw::kUnsupported) {
    said_.cause = Cause::kNewer;
    return;
  }
  const auto flip = FindBitFlip(*read, MakeLsn(segment_.segno, piece.offset), kFlipBytesMax,
                                header_.record_align_log2);
  if (flip) {
    ApplyFlip(piece, std::vector<std::byte>(read->begin(), read->end()), *flip);
    return;
  }
  uint64_t at = 0;
  if (const auto other = OverwrittenBy(piece, &at)) {
    said_.cause = Cause::kMisdirected;
    said_.from_lsn = *other;
    said_.text += fmt::format("; the batch of lsn {:#x} was written over it at offset {}", *other,
                              piece.offset + at);
  }
}

// A batch of another place inside this one, at a block: a misdirected write.
std::optional<uint64_t> BatchExplainer::OverwrittenBy(const Piece& piece, uint64_t* at) const {
  const uint64_t align = uint64_t{1} << header_.commit_align_log2;
  for (*at = 0; *at < piece.bytes; *at += align) {
    const absl::StatusOr<Bytes> block = segment_.bytes.At(piece.offset + *at, kSectorBytes);
    if (!block.ok()) continue;
    const auto batch = Load<BatchHeader>(*block);
    const uint64_t here = MakeLsn(segment_.segno, piece.offset + *at);
    if (Check(batch) == Flaw::kNone && batch.lsn != here) return batch.lsn;
  }
  return std::nullopt;
}

void BatchExplainer::ApplyFlip(const Piece& piece, Bytes bytes, const BitFlip& flip) {
  said_.cause = Cause::kBitFlip;
  said_.flip = FlippedBit{.offset = piece.offset + flip.offset, .bit = flip.bit};
  said_.text = fmt::format(
      "bit {} of the byte at offset {} is flipped{}: with it set right the "
      "digest agrees",
      flip.bit, said_.flip->offset, RecordOfFlip(piece, bytes, flip));
  std::vector<std::byte> right(bytes.begin(), bytes.end());
  right[flip.offset] ^= std::byte{static_cast<uint8_t>(1 << flip.bit)};
  said_.differences = DifferencesOf(bytes, right, piece.offset);
  if (flip.offset >= kBatchHeaderBytes) return;
  const std::vector<Field> good =
      FieldsOf(Load<BatchHeader>(right), piece.offset, header_, nullptr, {});
  for (size_t i = 0; i < said_.fields.size(); ++i) {
    Field& field = said_.fields[i];
    if (field.found == good[i].found) {
      field.ok = true;
      field.expected.clear();
    } else {
      field.expected = good[i].found;
      field.ok = false;
    }
  }
}

// " in the payload of seq 7" and the like.
std::string BatchExplainer::RecordOfFlip(const Piece& piece, Bytes bytes,
                                         const BitFlip& flip) const {
  if (flip.offset < kBatchHeaderBytes) return " in the batch header";
  RecordCursor cursor(piece.header, bytes, header_.record_align_log2);
  while (cursor.Next()) {
  }
  if (!cursor.damaged()) return " in the padding";
  return fmt::format(" in the record of seq {}", cursor.next_seq());
}

// Narrows a batch down to the record at `offset`, if that is inside one.
void BatchExplainer::FillRecord(const Piece& piece, uint64_t offset) {
  const uint64_t at = offset - piece.offset;
  const uint64_t content = kBatchHeaderBytes + piece.header.body_bytes;
  if (piece.header.kind != BatchKind::kData || at < kBatchHeaderBytes || at >= content) return;
  const absl::StatusOr<Bytes> whole = segment_.bytes.At(piece.offset, piece.batch_bytes);
  if (!whole.ok()) return;
  RecordCursor cursor(piece.header, *whole, header_.record_align_log2);
  uint64_t begin = kBatchHeaderBytes;
  uint64_t end = begin;
  uint64_t seq = piece.header.first_seq;
  bool good = false;
  while (end <= at) {
    const std::optional<RecordView> view = cursor.Next();
    begin = end;
    seq = cursor.next_seq() - (view ? 1 : 0);
    good = view.has_value();
    if (!view) break;
    end = view->offset + RecordBytes(view->header.payload_bytes, header_.record_align_log2);
  }
  if (content - begin < kRecordHeaderBytes) return;
  const auto record = Load<RecordHeader>(whole->subspan(begin));
  const uint64_t bytes =
      std::min(content - begin, RecordBytes(record.payload_bytes, header_.record_align_log2));
  if (!good && begin + bytes <= at) return;  // behind the bad one: no place is known
  said_.structure = "record";
  said_.fields = RecordFields(whole->subspan(begin, content - begin), piece.offset + begin, seq,
                              header_.record_align_log2);
  said_.offset = piece.offset + begin;
  said_.lsn = MakeLsn(segment_.segno, said_.offset);
  said_.bytes = bytes;
  said_.first_seq = said_.last_seq = seq;
  if (good && said_.cause != Cause::kIntact && said_.cause != Cause::kDead) {
    said_.text = fmt::format("this record verifies; its batch does not: {}", said_.text);
  }
}

}  // namespace

std::optional<SegmentHeader> HeaderFor(SurveyedSegment* segment) {
  if (const SegmentHeader* best = segment->copies.best(); best != nullptr) return *best;
  const uint64_t end = AlignUp(segment->bytes.file_bytes(), kCommitAlignMin);
  for (uint64_t at = FirstBatchOffset(kCommitAlignMin); at < end; at += kCommitAlignMin) {
    const absl::StatusOr<Bytes> read = segment->bytes.At(at, kCommitAlignMin);
    if (!read.ok()) continue;
    const auto batch = Load<BatchHeader>(*read);
    if (Check(batch) != Flaw::kNone || batch.lsn != MakeLsn(segment->segno, at)) continue;
    return SegmentHeader{.segno = segment->segno,
                         .salt = batch.salt,
                         .epoch = batch.epoch,
                         .state = SegmentState::kActive,
                         .segment_bytes = std::max(end, kSegmentBytesMin),
                         .inflight_bytes_max = UINT32_MAX,
                         .first_seq = batch.first_seq,
                         .prev_batch_id = batch.prev_batch_id};
  }
  return std::nullopt;
}

bool IsForeign(const Survey& survey, const SurveyedSegment& segment) {
  const SegmentHeader* header = segment.copies.best();
  return header != nullptr && survey.log_id_state == LogIdState::kIntact &&
         header->log_uuid != survey.log_id.log_uuid;
}

Explanation ExplainBatchAt(Looking* looking, size_t i, const SegmentHeader& header,
                           uint64_t offset) {
  return BatchExplainer(looking, i, header).Run(offset);
}

}  // namespace stet::wal
