// Walks from the first segment on as long as everything continues what stands before it.
#include "wal/cut.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "wal/segment_walk.h"

namespace stet::wal {
namespace {

class CutFinder {
 public:
  CutFinder(Survey* survey, const Anchor* anchor, size_t start)
      : survey_(*survey), anchor_(anchor), start_(start) {}

  absl::StatusOr<Cut> Run() {
    cut_.kept = start_;
    while (cut_.kept < survey_.segments.size() && Continues(cut_.kept)) {
      if (!Take(cut_.kept++)) break;
    }
    if (cut_.kept > start_) return std::move(cut_);
    return absl::DataLossError(fmt::format(
        "{}: {}, so no beginning of the log can be kept; `walinspect dump` shows what can still be "
        "read",
        survey_.directory, survey_.segments.empty() ? "there is no segment" : why_));
  }

 private:
  // Whether segment `i` continues the log where the cut is now.
  bool Continues(size_t i) {
    const SurveyedSegment& segment = survey_.segments[i];
    const std::string name = segment.bytes.path();
    why_ = name + ": no copy of the header can be used";
    if (!segment.active()) return false;
    const SegmentHeader& header = segment.header();
    why_ = name + ": of another log or another place";
    if (header.segno != segment.segno || header.log_uuid != survey_.log_id.log_uuid) return false;
    if (i == start_) {
      why_ = fmt::format(
          "the log starts at segment {} with seq {}, and no snapshot covers what was "
          "before",
          header.segno, header.first_seq);
      const bool covered = anchor_ != nullptr && anchor_->seq + 1 >= header.first_seq;
      return covered || (header.prev_segno == 0 && header.first_seq == 1);
    }
    return header.prev_segno == survey_.segments[i - 1].segno &&
           header.prev_end_lsn == cut_.end_lsn && header.prev_batch_id == cut_.chain.batch_id &&
           header.first_seq == cut_.chain.next_seq;
  }

  // Goes to where segment `i` ends; false if that is before the place where the next one says.
  bool Take(size_t i) {
    SurveyedSegment& segment = survey_.segments[i];
    const SegmentHeader header = segment.header();
    const uint64_t limit = LimitOf(survey_, i);
    const uint64_t first = FirstBatchOffset(uint64_t{1} << header.commit_align_log2);
    const Slots slots = ReadSlots(&segment.bytes, header);
    std::array<bool, 2> tied = {slots.flaw[0] != Flaw::kNone, slots.flaw[1] != Flaw::kNone};
    const auto tie = [&](uint64_t offset, const Digest& id) {
      for (size_t slot = 0; slot < tied.size(); ++slot) {
        const WatermarkSlot& one = slots.slot[slot];
        tied[slot] =
            tied[slot] || (one.durable_lsn == MakeLsn(segment.segno, offset) && one.batch_id == id);
      }
    };
    cut_.offset = first;
    cut_.end_lsn = MakeLsn(segment.segno, first);
    cut_.sealed = false;
    cut_.chain = FirstChain(header);
    tie(first, header.prev_batch_id);
    SegmentWalk walk(&segment.bytes, header, first, limit, cut_.chain);
    while (walk.Next()) {
      const Piece& piece = walk.piece();
      if (piece.kind != Span::Kind::kBatch && piece.kind != Span::Kind::kSegmentEnd) break;
      cut_.offset = piece.offset + piece.bytes;
      cut_.end_lsn = MakeLsn(segment.segno, cut_.offset);
      cut_.sealed = piece.kind == Span::Kind::kSegmentEnd;
      cut_.chain = *walk.chain();
      tie(cut_.offset, piece.header.batch_id);
    }
    for (size_t slot = 0; slot < tied.size(); ++slot) {
      if (tied[slot]) continue;
      cut_.loose_slots.push_back({.file = segment.bytes.path(),
                                  .offset = (2 + slot) * (first / kHeaderBlocks),
                                  .durable_lsn = slots.slot[slot].durable_lsn,
                                  .durable_seq = slots.slot[slot].durable_seq});
    }
    return cut_.offset == limit;
  }

  Survey& survey_;
  const Anchor* const anchor_;
  const size_t start_;  // the walk begins there
  Cut cut_;
  std::string why_;
};

}  // namespace

absl::StatusOr<Cut> FindCut(Survey* survey, const Anchor* anchor) {
  const std::vector<SurveyedSegment>& segments = survey->segments;
  if (anchor == nullptr) return CutFinder(survey, nullptr, 0).Run();
  size_t start = 0;
  std::optional<size_t> behind;
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].segno == SegnoOf(anchor->lsn)) start = i;
    if (!segments[i].active()) continue;
    const SegmentHeader& header = segments[i].header();
    if (header.first_seq == anchor->seq + 1 && header.prev_end_lsn >= anchor->lsn && !behind) {
      behind = i;
    }
  }
  absl::StatusOr<Cut> cut = CutFinder(survey, anchor, start).Run();
  if ((cut.ok() && cut->end_lsn >= anchor->lsn) || !behind) return cut;
  absl::StatusOr<Cut> later = CutFinder(survey, anchor, *behind).Run();
  if (!later.ok()) return cut;
  later->first = *behind;
  return later;
}

Cut CutBehind(const Anchor& anchor) {
  return {.end_lsn = anchor.lsn,
          .chain = {.batch_id = DigestOf(anchor.batch_id), .next_seq = anchor.seq + 1}};
}

void Hide(const Survey& survey, size_t begin, size_t end, OverlayStorage* overlay) {
  for (size_t i = begin; i < end; ++i) {
    overlay->Hide(survey.segments[i].bytes.path());
  }
  for (const std::string& name : survey.listing.misnamed) {
    overlay->Hide(PathIn(survey.directory, name));
  }
}

void ApplyCut(const Survey& survey, const Cut& cut, OverlayStorage* overlay,
              std::vector<Change>* changes) {
  const SurveyedSegment& last = survey.segments[cut.kept - 1];
  overlay->ZeroFrom(last.bytes.path(), cut.offset);
  changes->push_back(
      {.action = "cut",
       .file = last.bytes.path(),
       .offset = cut.offset,
       .text = fmt::format("the log ends here, behind seq {}", cut.chain.next_seq - 1)});
  constexpr std::array<std::byte, sizeof(WatermarkSlot)> kZeroSlot = {};
  for (const LooseSlot& slot : cut.loose_slots) {
    overlay->Patch(slot.file, slot.offset, kZeroSlot);
    changes->push_back(
        {.action = "drop_slot",
         .file = slot.file,
         .offset = slot.offset,
         .text = fmt::format("it promised lsn {:#x}, seq {}", slot.durable_lsn, slot.durable_seq)});
  }
  Hide(survey, 0, cut.first, overlay);
  Hide(survey, cut.kept, survey.segments.size(), overlay);
}

std::string AddSuccessor(const Survey& survey, const Cut& cut, uint64_t dropped_to_lsn,
                         Storage* storage, OverlayStorage* overlay) {
  const uint64_t end_lsn = cut.end_lsn;
  SegmentHeader last = {.inflight_bytes_max = Options().inflight_bytes_max};
  uint32_t epoch = 0;
  for (const SurveyedSegment& segment : survey.segments) {
    if (!segment.active() || segment.header().log_uuid != survey.log_id.log_uuid) continue;
    epoch = std::max(epoch, segment.header().epoch);
    if (cut.kept == 0 || segment.segno <= SegnoOf(end_lsn)) last = segment.header();
  }
  SegmentHeader header = {
      .log_uuid = survey.log_id.log_uuid,
      .segno = SegnoOf(end_lsn) + 1,
      .salt = storage->Random(),
      .epoch = epoch + 1,
      .state = SegmentState::kActive,
      .commit_align_log2 = last.commit_align_log2,
      .segment_bytes = std::max(kSegmentBytesMin, uint64_t{8} << last.commit_align_log2),
      .inflight_bytes_max = last.inflight_bytes_max,
      .start_reason = StartReason::kRepair,
      .first_seq = cut.chain.next_seq,
      .prev_segno = SegnoOf(end_lsn),
      .prev_end_lsn = end_lsn,
      .prev_last_seq = cut.chain.next_seq - 1,
      .prev_batch_id = cut.chain.batch_id,
      .prev_durable_lsn = end_lsn,
      .discarded_to_lsn = dropped_to_lsn,
      .created_ns = storage->WallNanos(),
      .state_digest_version = last.state_digest_version,
      .event_level = last.event_level};
  Seal(&header);
  const std::string path = PathIn(survey.directory, SegmentName(header.segno));
  overlay->Add(path, header.segment_bytes);
  overlay->Patch(path, 0, BytesOf(header));
  // It may name a segment that was cut off; and what is here now is to be missed when it goes.
  LogId id = survey.log_id;
  id.minor = kLogIdMinorOpened;
  id.opened_segno = header.segno;
  Seal(&id);
  overlay->Patch(PathIn(survey.directory, kLogIdName), 0, BytesOf(id));
  overlay->Patch(path, uint64_t{1} << header.commit_align_log2, BytesOf(header));
  return path;
}

}  // namespace stet::wal
