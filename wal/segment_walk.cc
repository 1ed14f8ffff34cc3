// Each step judges one place; a bad one reaches to the next block of zeros or with an intact header.
#include "wal/segment_walk.h"

#include <algorithm>
#include <utility>

namespace stet::wal {
namespace {

Span::Kind KindOf(Place place) {
  switch (place) {
    case Place::kTorn:
      return Span::Kind::kTorn;
    case Place::kStale:
      return Span::Kind::kStale;
    case Place::kMisplaced:
      return Span::Kind::kMisplaced;
    case Place::kUnreadable:
      return Span::Kind::kUnreadable;
    default:
      return Span::Kind::kDamaged;
  }
}

Chain NextChain(const Judgement& judged) {
  return {.batch_id = judged.header.batch_id,
          .batch_lsn = judged.header.lsn,
          .next_seq = judged.header.first_seq + judged.header.record_count};
}

}  // namespace

SegmentWalk::SegmentWalk(SegmentBytes* bytes, const SegmentHeader& header, uint64_t begin,
                         uint64_t limit, std::optional<Chain> chain)
    : bytes_(*bytes),
      header_(header),
      align_(uint64_t{1} << header.commit_align_log2),
      offset_(begin),
      limit_(limit),
      chain_(chain) {}

bool SegmentWalk::Next() {
  if (offset_ >= limit_) return false;
  const Judgement judged = JudgeAt(&bytes_, header_, offset_, chain_ ? &*chain_ : nullptr);
  if (judged.place == Place::kZeros) {
    ShowZeros();
  } else if (judged.place == Place::kValid) {
    const bool end = judged.header.kind == BatchKind::kSegmentEnd;
    ShowBatch(judged, end      ? Span::Kind::kSegmentEnd
                      : chain_ ? Span::Kind::kBatch
                               : Span::Kind::kDetached);
  } else if (judged.place == Place::kUnchained && !judged.batch.empty()) {
    ShowBatch(judged, Span::Kind::kUnchained);
  } else {
    ShowBad(judged, KindOf(judged.place));
  }
  return true;
}

void SegmentWalk::Show(Span::Kind kind, uint64_t end, std::string text) {
  end = std::clamp(end, offset_ + 1, limit_);
  piece_ = Piece{.kind = kind, .offset = offset_, .bytes = end - offset_, .text = std::move(text)};
  offset_ = end;
}

void SegmentWalk::ShowBatch(const Judgement& judged, Span::Kind kind) {
  Show(kind, offset_ + judged.bytes, judged.text);
  piece_.header = judged.header;
  piece_.batch_bytes = judged.bytes;
  piece_.batch = judged.batch;
  chain_ = NextChain(judged);
}

void SegmentWalk::ShowZeros() {
  uint64_t end = offset_;
  while (end < limit_) {
    const absl::StatusOr<Bytes> block = bytes_.At(end, align_);
    if (!block.ok() || !AllZero(*block)) break;
    end += align_;
  }
  if (end == offset_) {
    ShowBad(Judgement{.text = "the first sector of the batch is zero"}, Span::Kind::kTorn);
    return;
  }
  const bool last = end >= limit_;
  Show(Span::Kind::kZeros, end, {});
  if (!last) chain_.reset();
}

// Whether the block at `at` is no more of the bad place that begins at offset_.
bool SegmentWalk::EndsBadPlace(const Judgement& judged, Span::Kind kind, uint64_t at) {
  const absl::StatusOr<Bytes> block = bytes_.At(at, align_);
  if (!block.ok()) return kind != Span::Kind::kUnreadable;
  const auto header = Load<BatchHeader>(*block);
  if (Check(header) == Flaw::kNone && header.salt == header_.salt &&
      header.lsn == MakeLsn(header_.segno, at)) {
    return true;
  }
  const bool inside = judged.intact() && judged.place != Place::kStale &&
                      judged.place != Place::kMisplaced && at < offset_ + judged.bytes;
  return AllZero(*block) && !inside;
}

void SegmentWalk::ShowBad(const Judgement& judged, Span::Kind kind) {
  uint64_t end = offset_ + align_;
  while (end < limit_ && !EndsBadPlace(judged, kind, end)) end += align_;
  Show(kind, end, judged.text);
  if (judged.intact()) {
    piece_.header = judged.header;
    piece_.batch_bytes = judged.bytes;
    // The search moved the window: the records are read once more.
    const absl::StatusOr<Bytes> batch = bytes_.At(piece_.offset, judged.bytes);
    if (batch.ok() && !judged.batch.empty()) piece_.batch = *batch;
  }
  chain_.reset();
}

Chain FirstChain(const SegmentHeader& header) {
  return {.batch_id = header.prev_batch_id, .next_seq = header.first_seq};
}

uint64_t LimitOf(const Survey& survey, size_t i) {
  const SurveyedSegment& segment = survey.segments[i];
  uint64_t limit = segment.header().segment_bytes;
  if (i + 1 < survey.segments.size() && survey.segments[i + 1].active()) {
    const uint64_t end = survey.segments[i + 1].header().prev_end_lsn;
    if (SegnoOf(end) == segment.segno) limit = std::min(limit, OffsetOf(end));
  }
  return limit;
}

std::vector<Record> RecordsOf(const Piece& piece, uint32_t record_align_log2) {
  std::vector<Record> records;
  if (piece.batch.empty() || piece.header.kind != BatchKind::kData) return records;
  RecordCursor cursor(piece.header, piece.batch, record_align_log2);
  while (const std::optional<RecordView> view = cursor.Next()) {
    records.push_back({.seq = view->header.seq,
                       .lsn = piece.header.lsn,
                       .stream = view->header.stream,
                       .type = view->header.type,
                       .schema_id = view->header.schema_id,
                       .payload = view->payload});
  }
  return records;
}

BatchInfo InfoOf(const Piece& piece) {
  const BatchHeader& header = piece.header;
  return {.lsn = header.lsn,
          .bytes = static_cast<uint32_t>(piece.batch_bytes),
          .first_seq = header.first_seq,
          .record_count = header.record_count,
          .epoch = header.epoch,
          .durable_lsn = header.durable_lsn,
          .closed_ns = header.closed_ns,
          .state_digest = header.state_digest,
          .batch_id = IdOf(header.batch_id)};
}

}  // namespace stet::wal
