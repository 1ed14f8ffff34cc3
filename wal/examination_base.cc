// Where replay starts: at the newest anchor, or at the log's first record.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wal/examination.h"

namespace stet::wal {
namespace {

// The newest snapshot that any header names.
uint64_t SnapshotNamed(const std::vector<SurveyedSegment*>& segments) {
  uint64_t seq = 0;
  for (const SurveyedSegment* segment : segments) {
    seq = std::max(seq, segment->header().snapshot_seq);
  }
  return seq;
}

}  // namespace

// As far as headers tell; what they leave open is confirmed by the scan.
AnchorPlace Examination::PlaceOf(const Anchor& anchor) const {
  const uint64_t segno = SegnoOf(anchor.lsn);
  const SegmentHeader& first = active_.front()->header();
  if (segno > active_.back()->segno) return AnchorPlace::kBehind;
  if (segno >= first.segno) return PlaceInside(anchor);
  if (anchor.seq + 1 < first.first_seq) return AnchorPlace::kBefore;
  if (anchor.seq + 1 > first.first_seq || anchor.lsn > first.prev_end_lsn) {
    return AnchorPlace::kOther;
  }
  // The log starts with the next record.  If batches without records stood between, they are gone,
  // and the seq alone must do.
  const bool other =
      anchor.lsn == first.prev_end_lsn && DigestOf(anchor.batch_id) != first.prev_batch_id;
  return other ? AnchorPlace::kOther : AnchorPlace::kHere;
}

AnchorPlace Examination::PlaceInside(const Anchor& anchor) const {
  const size_t index = SegnoOf(anchor.lsn) - active_.front()->segno;
  if (index + 1 == active_.size()) return AnchorPlace::kHere;
  const SegmentHeader& next = active_[index + 1]->header();
  if (anchor.lsn > next.prev_end_lsn || anchor.seq > next.prev_last_seq) {
    return AnchorPlace::kOther;
  }
  const bool other =
      anchor.lsn == next.prev_end_lsn && DigestOf(anchor.batch_id) != next.prev_batch_id;
  return other ? AnchorPlace::kOther : AnchorPlace::kHere;
}

// The newest anchor counts; but none may contradict the log.
bool Examination::CheckBase() {
  const SegmentHeader& first = active_.front()->header();
  BaseFacts facts = {.from_start = first.prev_segno == 0 && first.first_seq == 1};
  const uint64_t newest = mode_.anchors.empty() ? 0 : mode_.anchors.front().seq;
  facts.newer_named = SnapshotNamed(active_) > newest;
  for (const Anchor& anchor : mode_.anchors) {
    const AnchorPlace place = PlaceOf(anchor);
    const bool newest_one = &anchor == &mode_.anchors.front();
    if (newest_one || place == AnchorPlace::kOther || place == AnchorPlace::kBehind) {
      facts.anchor = place;
    }
    if (place == AnchorPlace::kBehind || place == AnchorPlace::kOther) break;
  }
  if (!Decide(facts)) return false;
  if (!mode_.anchors.empty()) {
    decision_.report.anchor = mode_.anchors.front();
    scan_start_ = ScanStart();
  }
  decision_.report.first_epoch = first.epoch;
  return true;
}

// The segment that holds the batch of the anchor; the next one, if its header names that batch as
// the last before it.
size_t Examination::ScanStart() const {
  const Anchor& anchor = mode_.anchors.front();
  if (SegnoOf(anchor.lsn) < active_.front()->segno) return 0;
  const size_t index = SegnoOf(anchor.lsn) - active_.front()->segno;
  const bool ends_there =
      index + 1 < active_.size() && active_[index + 1]->header().prev_end_lsn == anchor.lsn;
  // Without a batch behind it the log ends at the anchor, and the writer must know that batch.
  return ends_there && active_[index + 1]->facts.has_batch ? index + 1 : index;
}

// Whether what stands before `segment` is not needed.
bool Examination::Covers(const SurveyedSegment& segment) const {
  if (mode_.anchors.empty() || !segment.active()) return false;
  const Anchor& anchor = mode_.anchors.front();
  return segment.segno <= SegnoOf(anchor.lsn) || segment.header().first_seq <= anchor.seq + 1;
}

// The first `count` segments were being retired; their files are left as they are.
void Examination::PassOver(size_t count) {
  const SurveyedSegment& first = survey_.segments[count];
  Note(Severity::kInfo,
       {.code = "RETIRED_LEFTOVER",
        .row = 16,
        .file = survey_.segments.front().bytes.path(),
        .text = fmt::format("{} segments before {} are left of a retirement that did not finish; "
                            "the anchor covers them",
                            count, SegmentName(first.segno))});
  survey_.segments.erase(survey_.segments.begin(),
                         survey_.segments.begin() + static_cast<std::ptrdiff_t>(count));
}

// Applies the table; false if it refuses.
bool Examination::Decide(const BaseFacts& facts) {
  decision_.bases.push_back(facts);
  const BaseCase base_case = Classify(facts);
  const Anchor anchor = mode_.anchors.empty() ? Anchor() : mode_.anchors.front();
  const uint64_t first_seq = active_.empty() ? 0 : active_.front()->header().first_seq;
  Finding finding = {.row = RowOf(facts),
                     .file = active_.empty() ? survey_.directory : active_.front()->bytes.path()};
  switch (base_case) {
    case BaseCase::kAnchor:
    case BaseCase::kAll:
      Apply(finding.row);
      return true;
    case BaseCase::kOlderAnchor:
    case BaseCase::kAllAgain:
      finding.code = "OLDER_SNAPSHOT";
      finding.text = fmt::format(
          "a header names a snapshot at seq {}, the newest that is given has seq {}; the log "
          "reaches back to it",
          SnapshotNamed(active_), anchor.seq);
      Note(Severity::kWarning, std::move(finding));
      return true;
    case BaseCase::kNoBase:
    case BaseCase::kGap:
      finding.first_seq = anchor.seq + 1;
      finding.last_seq = first_seq - 1;
      finding.text = fmt::format("the log starts with seq {}, and nothing covers seq {} to {}",
                                 first_seq, anchor.seq + 1, first_seq - 1);
      break;
    case BaseCase::kBehindSnapshot:
      finding.last_seq = anchor.seq;
      finding.lsn_end = anchor.lsn;
      finding.text = fmt::format(
          "a snapshot holds seq {}, durable at lsn {:#x}, which this log does not reach: durable "
          "records are missing, or it is an older copy",
          anchor.seq, anchor.lsn);
      break;
    case BaseCase::kForked:
      finding.text =
          "the log went on differently from what a snapshot holds: " +
          (anchor_conflict_.empty() ? fmt::format("its batch {} does not end at lsn {:#x}",
                                                  ToString(anchor.batch_id), anchor.lsn)
                                    : anchor_conflict_);
      break;
  }
  return Refuse(RefusalFor(base_case), std::move(finding));
}

}  // namespace stet::wal
