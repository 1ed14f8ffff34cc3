// A walk over all segments that goes on behind damage, at the next block that makes sense.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "stet/wal/inspect.h"
#include "stet/wal/storage.h"
#include "wal/survey.h"

namespace stet::wal {

class Scanner::Impl {
 public:
  Impl(std::unique_ptr<Storage> owned, Survey survey)
      : owned_(std::move(owned)), survey_(std::move(survey)) {}

  bool Next() {
    while (segment_ < survey_.segments.size()) {
      if (!entered_) Enter();
      if (offset_ < limit_) {
        Step();
        return true;
      }
      entered_ = false;
      ++segment_;
    }
    return false;
  }

  Span span = {};

 private:
  SurveyedSegment& current() { return survey_.segments[segment_]; }

  void Enter() {
    entered_ = true;
    SurveyedSegment& segment = current();
    const SegmentHeader* best = segment.copies.best();
    lost_ = best == nullptr;
    chain_.reset();
    if (lost_) {
      header_ = SegmentHeader{.segno = segment.segno};
      offset_ = 0;
      limit_ = std::max<uint64_t>(segment.bytes.file_bytes(), 1);
      return;
    }
    header_ = *best;
    align_ = uint64_t{1} << header_.commit_align_log2;
    offset_ = FirstBatchOffset(align_);
    limit_ = segment.active() ? header_.segment_bytes : 0;
    chain_ = Chain{.batch_id = header_.prev_batch_id, .next_seq = header_.first_seq};
    // What stands behind the end that the next segment states was dropped there, and counts no more.
    if (segment_ + 1 < survey_.segments.size() && survey_.segments[segment_ + 1].active()) {
      const uint64_t end = survey_.segments[segment_ + 1].header().prev_end_lsn;
      if (SegnoOf(end) == segment.segno) limit_ = std::min(limit_, OffsetOf(end));
    }
  }

  void Step() {
    if (lost_) {
      Show(Span::Kind::kHeaderLost, limit_, "both copies of the header are unusable");
      return;
    }
    Judgement judged = JudgeAt(&current().bytes, header_, offset_, chain_ ? &*chain_ : nullptr);
    switch (judged.place) {
      case Place::kValid:
        ShowBatch(judged, judged.header.kind == BatchKind::kSegmentEnd ? Span::Kind::kSegmentEnd
                          : chain_                                     ? Span::Kind::kBatch
                                                                       : Span::Kind::kDetached);
        chain_ = NextChain(judged);
        break;
      case Place::kUnchained:
        ShowBatch(judged, Span::Kind::kUnchained);
        chain_ = NextChain(judged);
        break;
      case Place::kZeros:
        ShowZeros();
        break;
      case Place::kTorn:
        ShowBad(judged, Span::Kind::kTorn);
        break;
      case Place::kStale:
        ShowBad(judged, Span::Kind::kStale);
        break;
      case Place::kMisplaced:
        ShowBad(judged, Span::Kind::kMisplaced);
        break;
      case Place::kUnreadable:
        ShowBad(judged, Span::Kind::kUnreadable);
        break;
      case Place::kDamaged:
      case Place::kNewer:
        ShowBad(judged, Span::Kind::kDamaged);
        break;
    }
  }

  static Chain NextChain(const Judgement& judged) {
    return {.batch_id = judged.header.batch_id,
            .batch_lsn = judged.header.lsn,
            .next_seq = judged.header.first_seq + judged.header.record_count};
  }

  void Show(Span::Kind kind, uint64_t end, std::string text) {
    end = std::clamp(end, offset_ + 1, limit_);
    span = Span{.kind = kind,
                .file = current().bytes.path(),
                .begin_lsn = MakeLsn(current().segno, offset_),
                .bytes = end - offset_,
                .text = std::move(text)};
    offset_ = end;
  }

  // Sets the batch of the span, and those of its records that verify.
  void FillBatch(const Judgement& judged) {
    const BatchHeader& header = judged.header;
    span.batch = {.lsn = header.lsn,
                  .bytes = static_cast<uint32_t>(judged.bytes),
                  .first_seq = header.first_seq,
                  .record_count = header.record_count,
                  .epoch = header.epoch,
                  .durable_lsn = header.durable_lsn,
                  .closed_ns = header.closed_ns,
                  .state_digest = header.state_digest,
                  .batch_id = IdOf(header.batch_id)};
    if (judged.batch.empty() || header.kind != BatchKind::kData) return;
    RecordCursor cursor(header, judged.batch, header_.record_align_log2);
    while (const std::optional<RecordView> view = cursor.Next()) {
      span.records.push_back({.seq = view->header.seq,
                              .lsn = header.lsn,
                              .stream = view->header.stream,
                              .type = view->header.type,
                              .schema_id = view->header.schema_id,
                              .payload = view->payload});
    }
  }

  void ShowBatch(const Judgement& judged, Span::Kind kind) {
    Show(kind, offset_ + judged.bytes, judged.text);
    FillBatch(judged);
  }

  void ShowZeros() {
    const uint64_t begin = offset_;
    uint64_t end = begin;
    while (end < limit_) {
      const absl::StatusOr<Bytes> block = current().bytes.At(end, align_);
      if (!block.ok() || !AllZero(*block)) break;
      end += align_;
    }
    if (end == begin) {  // the first sector is zero, the others are not
      ShowBad(Judgement{.text = "the first sector of the batch is zero"}, Span::Kind::kTorn);
      return;
    }
    const bool last = end >= limit_;
    Show(Span::Kind::kZeros, end, {});
    if (!last) chain_.reset();
  }

  // The bad place reaches to the next block of zeros or with an intact header of this place.
  void ShowBad(const Judgement& judged, Span::Kind kind) {
    uint64_t end = offset_ + align_;
    while (end < limit_) {
      const absl::StatusOr<Bytes> block = current().bytes.At(end, align_);
      if (block.ok()) {
        const auto header = Load<BatchHeader>(*block);
        const bool batch = Check(header) == Flaw::kNone && header.salt == header_.salt &&
                           header.lsn == MakeLsn(header_.segno, end);
        const bool inside = judged.intact() && judged.place != Place::kStale &&
                            judged.place != Place::kMisplaced && end < offset_ + judged.bytes;
        if (batch || (AllZero(*block) && !inside)) break;
      } else if (kind != Span::Kind::kUnreadable) {
        break;
      }
      end += align_;
    }
    Judgement again = judged;
    Show(kind, end, judged.text);
    if (judged.intact()) {
      // The search moved the window: the records are read once more.
      const absl::StatusOr<Bytes> batch =
          current().bytes.At(OffsetOf(span.begin_lsn), judged.bytes);
      again.batch = batch.ok() && !judged.batch.empty() ? *batch : Bytes();
      FillBatch(again);
    }
    chain_.reset();
  }

  const std::unique_ptr<Storage> owned_;
  Survey survey_;
  size_t segment_ = 0;
  bool entered_ = false;
  bool lost_ = false;
  SegmentHeader header_ = {};
  uint64_t align_ = kCommitAlignMin;
  uint64_t offset_ = 0;
  uint64_t limit_ = 0;
  std::optional<Chain> chain_;
};

absl::StatusOr<Scanner> Scanner::Open(const Options& options) {
  std::unique_ptr<Storage> owned;
  Storage* storage = options.storage;
  if (storage == nullptr) {
    ASSIGN_OR_RETURN(owned, OpenStorage(Backend::kPosix));
    storage = owned.get();
  }
  ASSIGN_OR_RETURN(Survey survey, TakeSurvey(storage, options.directory));
  return Scanner(std::make_unique<Impl>(std::move(owned), std::move(survey)));
}

Scanner::Scanner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Scanner::Scanner(Scanner&&) noexcept = default;
Scanner& Scanner::operator=(Scanner&&) noexcept = default;
Scanner::~Scanner() = default;

bool Scanner::Next() { return impl_->Next(); }
const Span& Scanner::span() const { return impl_->span; }

std::string_view ToString(Span::Kind kind) {
  constexpr std::array<std::string_view, 11> kNames = {
      "batch", "segment_end", "detached",  "zeros",      "torn",       "damaged",
      "stale", "misplaced",   "unchained", "unreadable", "header_lost"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace stet::wal
