// The segments from the base to the end: each as the next one's header says, the last one by what
// stands where its batches end.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wal/examination.h"
#include "wal/header_finding.h"
#include "wal/tail_finding.h"

namespace stet::wal {
namespace {

// Of the last segment.  A batch that is torn for want of its first sector was not written; of one that
// is torn elsewhere the rest may be what was cut off.
Shortened CutOf(const SurveyedSegment& segment, const SegmentScan& scan) {
  const uint64_t bytes = segment.bytes.file_bytes();
  if (bytes >= segment.header().segment_bytes) return Shortened::kNone;
  // Behind the last batch that a segment takes nothing ever stood.
  if (scan.sealed || scan.end >= segment.header().segment_bytes) return Shortened::kBehind;
  const bool zero = scan.at_end.flaw == Flaw::kZero;
  return zero && scan.end + kSectorBytes <= bytes ? Shortened::kBehind : Shortened::kAt;
}

}  // namespace

bool Examination::CheckChain() {
  decision_.scans.reserve(active_.size() - scan_start_);
  for (size_t i = scan_start_; i < active_.size(); ++i) {
    SurveyedSegment& segment = *active_[i];
    const SegmentHeader& header = segment.header();
    const SegmentScan* before = i == scan_start_ ? nullptr : &decision_.scans.back();
    std::optional<Finding> conflict =
        before == nullptr ? FirstConflict(segment) : LinkConflict(segment, *active_[i - 1], before);
    if (conflict) return Refuse(Refusal::kChainBroken, *std::move(conflict));
    NoteSlots(segment);
    const Chain stated = {.batch_id = header.prev_batch_id, .next_seq = header.first_seq};
    const Chain first = {.batch_lsn = 0};
    ScanInput input = {.slots = segment.slots,
                       .before = before != nullptr        ? before->chain
                                 : header.prev_segno != 0 ? stated
                                                          : first,
                       .limit = header.segment_bytes,
                       .anchors = mode_.anchors};
    if (i + 1 < active_.size()) {
      const SurveyedSegment& next = *active_[i + 1];
      if (!CheckStatedEnd(segment, next)) return false;
      input.limit = OffsetOf(next.header().prev_end_lsn);
    }
    decision_.scans.push_back(ScanSegment(&segment.bytes, header, input));
    segment.bytes.Release();
    FillReport(segment);
    if (!CheckScan(i)) return false;
  }
  return true;
}

// Before `next` says where `segment` ends, that must be a place in it.
bool Examination::CheckStatedEnd(const SurveyedSegment& segment, const SurveyedSegment& next) {
  const uint64_t end = OffsetOf(next.header().prev_end_lsn);
  if (SegnoOf(next.header().prev_end_lsn) == segment.segno &&
      end >= FirstBatchOffset(uint64_t{1} << segment.header().commit_align_log2) &&
      end <= segment.header().segment_bytes) {
    return true;
  }
  return Refuse(Refusal::kChainBroken,
                {.row = 11,
                 .file = next.bytes.path(),
                 .offset = offsetof(SegmentHeader, prev_end_lsn),
                 .text = fmt::format("it says that the segment before it ends at lsn {:#x}",
                                     next.header().prev_end_lsn)});
}

// Slots and anchors first: what they say of places before the end holds whatever the end is.
bool Examination::CheckScan(size_t index) {
  const SurveyedSegment& segment = *active_[index];
  const SegmentScan& scan = decision_.scans.back();
  if (!scan.slot_conflict.empty()) {
    return Refuse(Refusal::kChainBroken,
                  {.row = scan.slot_conflict_row,
                   .file = segment.bytes.path(),
                   .offset = 2 * (uint64_t{1} << segment.header().commit_align_log2),
                   .text = scan.slot_conflict});
  }
  if (!scan.anchor_conflict.empty()) {
    anchor_conflict_ = scan.anchor_conflict;
    return Decide({.anchor = AnchorPlace::kOther});
  }
  if (index + 1 < active_.size()) return CheckInner(segment, *active_[index + 1], scan);
  return CheckTail(segment, scan) && CheckSuccessor(segment, scan);
}

// Up to its stated end a segment with a successor is whole: what is wrong before it is damage.
bool Examination::CheckInner(const SurveyedSegment& segment, const SurveyedSegment& next,
                             const SegmentScan& scan) {
  const uint64_t limit = OffsetOf(next.header().prev_end_lsn);
  if (scan.end == limit) return true;
  const TailFacts facts = {
      .place = scan.at_end.place,
      .beyond = true,
      .behind = scan.behind_count > 0,
      .stale_fill = segment.header().fill == Fill::kStale,
      .lenient = mode_.lenient,
      .cut = segment.bytes.file_bytes() < limit ? Shortened::kAt : Shortened::kNone};
  decision_.ends.push_back(facts);
  TailFinding found = FindingAt(segment, scan, MakeLsn(segment.segno, limit), facts);
  if (found.refusal == Refusal::kNone) found.refusal = Refusal::kCorruptAcked;
  found.finding.last_seq = next.header().prev_last_seq;
  Apply(11);
  return Refuse(found.refusal, std::move(found.finding));
}

bool Examination::CheckTail(const SurveyedSegment& segment, const SegmentScan& scan) {
  const uint64_t end_lsn = MakeLsn(segment.segno, scan.end);
  const uint64_t known = std::min(scan.durable_lsn, mode_.promised_max);
  uint64_t promised = known;
  for (const Anchor& anchor : mode_.anchors) promised = std::max(promised, anchor.lsn);
  RecoveryReport& report = decision_.report;
  const bool beyond = promised > end_lsn;
  if (mode_.live && !beyond) {
    if (scan.used_end > scan.end) {
      Note(Severity::kInfo,
           {.code = "IN_FLIGHT",
            .file = segment.bytes.path(),
            .offset = scan.end,
            .lsn_begin = end_lsn,
            .lsn_end = MakeLsn(segment.segno, scan.used_end),
            .text = "behind the watermark of a log that is being written: not judged"});
    }
    return true;
  }
  report.dropped_bytes = scan.used_end - scan.end;
  report.in_flight_batches = scan.in_flight_count;
  if (scan.in_flight_seq >= scan.chain.next_seq) {
    report.dropped_first_seq = scan.chain.next_seq;
    report.dropped_last_seq = scan.in_flight_seq;
  }
  const TailFacts facts = {.place = scan.at_end.place,
                           .beyond = beyond,
                           .behind = scan.behind_count > 0,
                           .stale_fill = segment.header().fill == Fill::kStale,
                           .lenient = mode_.lenient,
                           .cut = CutOf(segment, scan),
                           .anchored = known <= end_lsn};
  decision_.ends.push_back(facts);
  TailFinding found = FindingAt(segment, scan, promised, facts);
  if (found.refusal != Refusal::kNone) return Refuse(found.refusal, std::move(found.finding));
  report.verdict = found.verdict;
  if (found.finding.code.empty()) {
    Apply(RowOf(facts));
  } else {
    Note(found.severity, std::move(found.finding));
  }
  return true;
}

// 16.  SEGMENT_END is written when its successor is ready and has its name; and LOG_ID names each segment
// that continues one without SEGMENT_END, before anything in it is acknowledged.
bool Examination::CheckSuccessor(const SurveyedSegment& segment, const SegmentScan& scan) {
  const uint64_t opened = survey_.log_id.opened_segno;
  if (opened > segment.segno && !mode_.live) {
    return Refuse(
        Refusal::kMissingSegment,
        {.row = 16,
         .file = PathIn(survey_.directory, SegmentName(opened)),
         .lsn_begin = MakeLsn(segment.segno + 1, 0),
         .lsn_end = MakeLsn(opened + 1, 0),
         .first_seq = scan.chain.next_seq,
         .text = fmt::format("LOG_ID says that segment {} was in use; the last one in use "
                             "that is here is {}",
                             opened, segment.segno)});
  }
  const bool there = !survey_.segments.empty() && survey_.segments.back().segno > segment.segno;
  if (!scan.sealed || there || mode_.live) return true;
  const uint64_t next = segment.segno + 1;
  return Refuse(Refusal::kMissingSegment,
                {.row = 16,
                 .file = PathIn(survey_.directory, SegmentName(next)),
                 .lsn_begin = MakeLsn(next, 0),
                 .lsn_end = MakeLsn(next + 1, 0),
                 .first_seq = scan.chain.next_seq,
                 .text = fmt::format("segment {} ends with the promise of segment {}, which is "
                                     "not there",
                                     segment.segno, next)});
}

// 21.  One slot is enough, and none only means that nothing is known.
void Examination::NoteSlots(const SurveyedSegment& segment) {
  const Slots& slots = segment.slots;
  const uint64_t align = uint64_t{1} << segment.header().commit_align_log2;
  for (size_t i = 0; i < slots.flaw.size(); ++i) {
    if (slots.flaw[i] == Flaw::kNone || slots.flaw[i] == Flaw::kZero) continue;
    if (slots.newest() != nullptr) ++decision_.report.healed;
    Note(Severity::kWarning,
         {.code = "SLOT_DAMAGED",
          .row = 21,
          .file = segment.bytes.path(),
          .offset = (2 + i) * align,
          .text = fmt::format("watermark slot at position {}: {}", i, ToString(slots.flaw[i]))});
  }
}

// As far as it is scanned; the last scan ends the log.
void Examination::FillReport(const SurveyedSegment& segment) {
  const SegmentScan& scan = decision_.scans.back();
  RecoveryReport& report = decision_.report;
  ++report.scanned_segments;
  report.scanned_bytes += scan.end;
  report.batches += scan.batches;
  report.epoch = segment.header().epoch;
  report.end_lsn = MakeLsn(segment.segno, scan.end);
  report.durable_lsn = scan.durable_lsn;
  report.last_seq = scan.chain.next_seq - 1;
  if (report.last_seq >= active_.front()->header().first_seq) {
    report.first_seq = active_.front()->header().first_seq;
  }
}

// Nothing was accepted where the scan began, and the headers do not tell where the batch begins that
// they continue: the writer has to name that place in the next one.  `stated`, if the segments before
// do not tell either.
Chain Examination::ChainBefore(const Chain& stated) {
  for (size_t i = scan_start_; i-- > 0;) {
    SurveyedSegment& segment = *active_[i];
    const SegmentHeader& header = segment.header();
    const uint64_t limit = OffsetOf(active_[i + 1]->header().prev_end_lsn);
    const SegmentScan scan =
        ScanSegment(&segment.bytes, header,
                    {.slots = segment.slots,
                     .before = {.batch_id = header.prev_batch_id, .next_seq = header.first_seq},
                     .limit = limit,
                     .anchors = {}});
    segment.bytes.Release();
    if (scan.end != limit || scan.chain.batch_id != stated.batch_id) break;
    if (scan.chain.batch_lsn) return scan.chain;
  }
  return stated;
}

void Examination::FillTail() {
  const SurveyedSegment& last = *active_.back();
  const SegmentScan& scan = decision_.scans.back();
  RecoveryReport& report = decision_.report;
  // Of a live log a promise may be newer than the scan.
  report.durable_lsn = std::min(report.durable_lsn, report.end_lsn);
  const WatermarkSlot* slot = last.slots.newest();
  report.clean = slot != nullptr && (slot->flags & kSlotCleanClose) != 0 &&
                 slot->durable_lsn == report.end_lsn && report.dropped_bytes == 0;
  RecoveredTail& tail = decision_.tail;
  tail.log_uuid = survey_.log_id.log_uuid;
  tail.created_ns = survey_.log_id.created_ns;
  tail.epoch = last.header().epoch;
  tail.next_segno = last.segno + 1;
  tail.next_seq = scan.chain.next_seq;
  tail.start_reason = report.clean ? StartReason::kCleanOpen : StartReason::kCrashRecovery;
  tail.prev_end_lsn = report.end_lsn;
  tail.prev_last_seq = report.last_seq;
  const Chain end = scan.chain.batch_lsn ? scan.chain : ChainBefore(scan.chain);
  tail.prev_batch_lsn = end.batch_lsn.value_or(0);
  tail.prev_batch_id = scan.chain.batch_id;
  tail.prev_durable_lsn = std::min(scan.durable_lsn, report.end_lsn);
  tail.prev_state_digest = end.state_digest;
  if (report.dropped_bytes != 0) {
    tail.discarded_to_lsn = MakeLsn(last.segno, scan.used_end);
  }
  for (const SurveyedSegment& segment : survey_.segments) {
    if (!segment.active()) tail.leftovers.push_back(segment.bytes.path());
  }
  for (const std::string& name : survey_.listing.unfinished) {
    tail.leftovers.push_back(PathIn(survey_.directory, name));
  }
  for (size_t i = 0; i < active_.size(); ++i) {
    const SegmentHeader& header = active_[i]->header();
    const bool ended = i + 1 < active_.size();
    tail.accepted.segments.push_back(
        {.path = active_[i]->bytes.path(),
         .segno = header.segno,
         .salt = header.salt,
         .epoch = header.epoch,
         .commit_align_log2 = header.commit_align_log2,
         .record_align_log2 = header.record_align_log2,
         .first_seq = header.first_seq,
         .prev_batch_id = header.prev_batch_id,
         .end_offset = ended ? OffsetOf(active_[i + 1]->header().prev_end_lsn) : scan.end});
  }
}

}  // namespace stet::wal
