// Goes over all that the cut leaves out.  Seqs that no header tells follow from those around them.
#include "wal/losses.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "stet/wal/explain.h"
#include "wal/explain_batch.h"
#include "wal/segment_walk.h"

namespace stet::wal {
namespace {

constexpr size_t kStreamsMax = 10'000;  // named in one loss
constexpr uint64_t kMissingMax = 64;    // files that are listed one by one
constexpr size_t kExplainedMax = 64;    // places whose cause is looked for; each reads its segment

class LossLister {
 public:
  LossLister(const Options& options, Survey* survey, const Cut& cut, LossManifest* manifest)
      : options_(options), survey_(*survey), cut_(cut), manifest_(*manifest) {}

  uint64_t Run() {
    for (const LooseSlot& slot : cut_.loose_slots) Promise(slot.durable_seq);
    for (size_t i = cut_.kept == 0 ? 0 : cut_.kept - 1; i < survey_.segments.size(); ++i) {
      if (i > 0 && i >= cut_.kept) {
        AddMissing(survey_.segments[i - 1].segno + 1, survey_.segments[i].segno);
      }
      Segment(i);
    }
    AddMissingEnd();
    Disbelieve();
    Finish();
    return end_lsn_;
  }

 private:
  void Promise(uint64_t seq) { promised_seq_ = std::max(promised_seq_, seq); }

  Loss& Add(Loss loss) {
    end_lsn_ = std::max(end_lsn_, loss.lsn_end);
    manifest_.losses.push_back(std::move(loss));
    streams_.clear();
    return manifest_.losses.back();
  }

  // Whether a snapshot holds all that stands, or stood, before `lsn_end`.
  bool Covered(uint64_t lsn_end) const { return cut_.kept == 0 && lsn_end <= cut_.end_lsn; }
  // Its own header tells better: a snapshot may end inside a batch.
  bool Covered(const Piece& piece, uint64_t lsn_end) const {
    if (piece.intact() && piece.header.lsn + piece.batch_bytes == lsn_end) {
      return cut_.kept == 0 && piece.next_seq() <= cut_.chain.next_seq;
    }
    return Covered(lsn_end);
  }

  // Names far apart are one loss: how many there were, nothing tells.
  void AddMissing(uint64_t begin, uint64_t end) {
    const uint64_t each = end - begin > kMissingMax ? end - begin : 1;
    for (uint64_t segno = begin; segno < end; segno += each) {
      if (Covered(MakeLsn(segno + each, 0))) continue;
      Add({.cause = "missing",
           .file = PathIn(survey_.directory, SegmentName(segno)),
           .lsn_begin = MakeLsn(segno, 0),
           .lsn_end = MakeLsn(segno + each, 0),
           .text = each == 1 ? "the file is not there"
                             : fmt::format("this file and those before {} are not there",
                                           SegmentName(end))});
    }
  }

  // What a SEGMENT_END promised, or LOG_ID says was in use.
  void AddMissingEnd() {
    const uint64_t next = survey_.segments.empty() ? 1 : survey_.segments.back().segno + 1;
    const uint64_t promised = last_sealed_ ? next : 0;
    const uint64_t end = std::max(promised, survey_.log_id.opened_segno) + 1;
    if (end > next) AddMissing(next, end);
  }

  void Segment(size_t i) {
    SurveyedSegment& segment = survey_.segments[i];
    const bool kept = i + 1 == cut_.kept;
    last_sealed_ = kept && cut_.sealed;
    const bool unused = !segment.active() && segment.header_case != HeaderCase::kLost;
    if (unused) return;
    const std::optional<SegmentHeader> header = HeaderFor(&segment);
    if (!header || IsForeign(survey_, segment)) {
      if (Covered(MakeLsn(segment.segno, segment.bytes.file_bytes()))) return;
      Add({.cause = header ? "foreign" : "damaged",
           .file = segment.bytes.path(),
           .lsn_begin = MakeLsn(segment.segno, 0),
           .lsn_end = MakeLsn(segment.segno, segment.bytes.file_bytes()),
           .text = header ? "a segment of another log" : "neither header nor batch can be read"});
      return;
    }
    if (segment.active() && !kept) Promise(header->prev_last_seq);
    const Slots slots = ReadSlots(&segment.bytes, *header);
    for (size_t slot = 0; slot < slots.flaw.size(); ++slot) {
      if (slots.flaw[slot] == Flaw::kNone) Promise(slots.slot[slot].durable_seq);
    }
    const uint64_t begin =
        kept ? cut_.offset : FirstBatchOffset(uint64_t{1} << header->commit_align_log2);
    const uint64_t limit = segment.active() ? LimitOf(survey_, i) : header->segment_bytes;
    SegmentWalk walk(&segment.bytes, *header, begin, limit, std::nullopt);
    while (walk.Next()) {
      const Piece& piece = walk.piece();
      if (piece.valid() || piece.kind == Span::Kind::kUnchained) {
        AddIntact(segment, *header, piece);
      } else {
        AddBad(segment, *header, piece);
      }
    }
    joined_ = false;
  }

  // Batches that follow each other are one loss.
  void AddIntact(const SurveyedSegment& segment, const SegmentHeader& header, const Piece& piece) {
    const uint64_t lsn = MakeLsn(segment.segno, piece.offset);
    last_sealed_ = piece.header.kind == BatchKind::kSegmentEnd;
    if (Covered(piece, lsn + piece.batch_bytes)) return;
    const bool follows =
        joined_ && (piece.header.record_count == 0 || manifest_.losses.back().last_seq == 0 ||
                    piece.header.first_seq == manifest_.losses.back().last_seq + 1);
    if (!follows) {
      Add({.cause = "behind_gap",
           .file = segment.bytes.path(),
           .lsn_begin = lsn,
           .streams_complete = true,
           .text = "intact; something before it is lost"});
    }
    joined_ = true;
    Loss& loss = manifest_.losses.back();
    loss.lsn_end = lsn + piece.batch_bytes;
    end_lsn_ = std::max(end_lsn_, loss.lsn_end);
    if (piece.header.record_count == 0) return;
    if (loss.first_seq == 0) {
      loss.first_seq = std::max(piece.header.first_seq, cut_.chain.next_seq);
    }
    loss.last_seq = piece.next_seq() - 1;
    for (const Record& record : RecordsOf(piece, header.record_align_log2)) {
      if (streams_.size() < kStreamsMax) streams_.insert(record.stream);
    }
    loss.streams.assign(streams_.begin(), streams_.end());
    loss.streams_complete = streams_.size() < kStreamsMax;
  }

  void AddBad(const SurveyedSegment& segment, const SegmentHeader& header, const Piece& piece) {
    const uint64_t lsn = MakeLsn(segment.segno, piece.offset);
    if (Covered(piece, lsn + piece.bytes)) return;
    Loss loss = {.cause = std::string(ToString(piece.kind)),
                 .file = segment.bytes.path(),
                 .lsn_begin = lsn,
                 .lsn_end = lsn + piece.bytes,
                 .text = piece.text};
    if (explained_++ < kExplainedMax) {
      const absl::StatusOr<Explanation> said = Explain(options_, lsn);
      if (said.ok()) {
        const bool unused = said->cause == Cause::kUnused;
        const bool in_flight =
            !said->promised && (said->cause == Cause::kTorn || said->cause == Cause::kStale);
        if (unused || in_flight) return;  // nobody was ever told that anything is here
        loss.cause = ToString(said->cause);
        loss.text = said->text;
      }
    }
    const bool own = piece.intact() && piece.kind != Span::Kind::kStale &&
                     piece.kind != Span::Kind::kMisplaced && piece.header.record_count > 0;
    if (own) {
      loss.first_seq = std::max(piece.header.first_seq, cut_.chain.next_seq);
      loss.last_seq = piece.next_seq() - 1;
      AddStreams(segment, header, piece, &loss);
    }
    joined_ = false;
    Add(std::move(loss));
  }

  // Of the records in front of the first bad one.
  static void AddStreams(const SurveyedSegment& segment, const SegmentHeader& header,
                         const Piece& piece, Loss* loss) {
    // The walk's own window stays where it is.
    absl::StatusOr<SegmentBytes> bytes = segment.bytes.Reopen();
    if (!bytes.ok()) return;
    const absl::StatusOr<Bytes> read = bytes->At(piece.offset, piece.batch_bytes);
    if (!read.ok()) return;
    std::set<uint64_t> streams;
    RecordCursor cursor(piece.header, *read, header.record_align_log2);
    while (const std::optional<RecordView> view = cursor.Next())
      streams.insert(view->header.stream);
    loss->streams.assign(streams.begin(), streams.end());
    loss->streams_complete = !cursor.damaged();
  }

  // A header that is intact and out of order tells nothing about its seqs: those behind it count.
  void Disbelieve() {
    uint64_t behind = UINT64_MAX;
    for (size_t i = manifest_.losses.size(); i-- > 0;) {
      Loss& loss = manifest_.losses[i];
      if (loss.last_seq == 0) continue;
      if (loss.first_seq > loss.last_seq || loss.last_seq >= behind) {
        loss.first_seq = loss.last_seq = 0;
      } else {
        Promise(loss.last_seq);
        behind = loss.first_seq;
      }
    }
  }

  // Places whose seqs nothing tells take those between their neighbours'.
  void Finish() {
    std::vector<Loss>& losses = manifest_.losses;
    uint64_t next = cut_.chain.next_seq;
    for (size_t i = 0; i < losses.size(); ++i) {
      if (losses[i].last_seq == 0) {
        uint64_t last = promised_seq_;
        for (size_t later = losses.size(); later-- > i + 1;) {
          if (losses[later].last_seq != 0) last = losses[later].first_seq - 1;
        }
        if (last >= next) {
          losses[i].first_seq = next;
          losses[i].last_seq = last;
        }
      }
      // Two places side by side share what is missing between them.
      const bool shared = i + 1 < losses.size() && losses[i + 1].last_seq == 0;
      if (!shared) next = std::max(next, losses[i].last_seq + 1);
    }
    if (losses.empty()) return;
    manifest_.lost_complete = losses.back().cause == "behind_gap" || !losses.back().streams.empty();
    if (last_sealed_) manifest_.lost_complete = false;
    if (promised_seq_ >= cut_.chain.next_seq) {
      manifest_.lost_records = promised_seq_ + 1 - cut_.chain.next_seq;
    }
  }

  const Options& options_;
  Survey& survey_;
  const Cut& cut_;
  LossManifest& manifest_;
  uint64_t promised_seq_ = 0;
  uint64_t end_lsn_ = 0;
  size_t explained_ = 0;
  bool joined_ = false;  // the last loss is intact batches, and the next batch follows it
  bool last_sealed_ = false;
  std::set<uint64_t> streams_;  // of the last loss
};

}  // namespace

uint64_t ListLosses(const Options& options, Survey* survey, const Cut& cut,
                    LossManifest* manifest) {
  return LossLister(options, survey, cut, manifest).Run();
}

}  // namespace stet::wal
