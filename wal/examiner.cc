// Directory, headers, chain, tail: the first refusal ends the examination.
#include "wal/examiner.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wal/header_finding.h"
#include "wal/tail_finding.h"

namespace stet::wal {
namespace {

class Examiner {
 public:
  Examiner(Survey* survey, const ExamineMode& mode) : survey_(*survey), mode_(mode) {
    decision_.report.directory = survey_.directory;
  }

  Decision Run() {
    if (CheckDirectory() && CheckNames() && CheckHeaders() && CheckChain()) FillTail();
    RecoveryReport& report = decision_.report;
    report.segments = static_cast<int>(survey_.segments.size());
    return std::move(decision_);
  }

 private:
  bool Refuse(Refusal refusal, Finding finding) {
    finding.code = ToString(refusal);
    finding.severity = Severity::kRefusal;
    if (finding.next_command.empty()) {
      finding.next_command = fmt::format("walinspect verify {}", survey_.directory);
    }
    decision_.report.verdict = Verdict::kRefused;
    decision_.report.refusal = refusal;
    decision_.report.findings.push_back(std::move(finding));
    return false;
  }

  void Note(Severity severity, Finding finding) {
    finding.severity = severity;
    decision_.report.findings.push_back(std::move(finding));
  }

  bool CheckDirectory();
  void FillUnborn();
  bool CheckNames();
  bool CheckHeaders();
  bool CheckChain();
  bool CheckInner(const SurveyedSegment& segment, const SegmentScan& scan, uint64_t limit);
  bool CheckTail(const SurveyedSegment& segment, const SegmentScan& scan);
  bool CheckSuccessor(const SurveyedSegment& segment, const SegmentScan& scan);
  void NoteSlots(const SurveyedSegment& segment, const Slots& slots);
  void FillTail();

  Survey& survey_;
  const ExamineMode mode_;
  Decision decision_;
  std::vector<SurveyedSegment*> active_;
  Slots last_slots_;
};

bool Examiner::CheckDirectory() {
  const DirectoryFacts facts = {
      .log_id = survey_.log_id_state, .content = survey_.content, .create = mode_.create};
  const std::string id_path = PathIn(survey_.directory, kLogIdName);
  switch (Classify(facts)) {
    case DirectoryCase::kGoOn:
      return true;
    case DirectoryCase::kUnborn:
      FillUnborn();
      return false;
    case DirectoryCase::kNotALog:
      return Refuse(Refusal::kNotALog,
                    {.file = survey_.directory,
                     .text = "no log here (no LOG_ID and no batch), and creating one was not asked",
                     .next_command = fmt::format("ls -la {}", survey_.directory)});
    case DirectoryCase::kNoLogId:
      return Refuse(Refusal::kNoLogId,
                    {.file = id_path,
                     .text = survey_.log_id_state == LogIdState::kAbsent
                                 ? "segments hold batches, but LOG_ID is missing"
                                 : std::string(survey_.log_id_status.message())});
    case DirectoryCase::kLogMissing:
      return Refuse(Refusal::kLogMissing,
                    {.file = survey_.directory,
                     .text = "LOG_ID is here, but no segment that was ever used",
                     .next_command = fmt::format("ls -la {}", survey_.directory)});
    case DirectoryCase::kNewer:
      break;
  }
  return Refuse(Refusal::kUnsupported,
                {.file = id_path, .text = std::string(survey_.log_id_status.message())});
}

void Examiner::FillUnborn() {
  decision_.report.verdict = Verdict::kUnborn;
  decision_.report.clean = true;
  RecoveredTail& tail = decision_.tail;
  tail.unborn = true;
  for (const SurveyedSegment& segment : survey_.segments) {
    tail.leftovers.push_back(segment.bytes.path());
  }
  for (const std::string& name : survey_.listing.unfinished) {
    tail.leftovers.push_back(PathIn(survey_.directory, name));
  }
}

// Numbers without a gap, and nothing that looks like a segment and has no number.
bool Examiner::CheckNames() {
  if (!survey_.listing.misnamed.empty()) {
    const std::string& name = survey_.listing.misnamed.front();
    return Refuse(Refusal::kMisnamed,
                  {.file = PathIn(survey_.directory, name),
                   .text = "ends in .wal, but is no segment's name (16 hex digits)"});
  }
  for (size_t i = 1; i < survey_.segments.size(); ++i) {
    const uint64_t expected = survey_.segments[i - 1].segno + 1;
    const uint64_t found = survey_.segments[i].segno;
    if (found == expected) continue;
    return Refuse(
        Refusal::kMissingSegment,
        {.file = PathIn(survey_.directory, SegmentName(expected)),
         .lsn_begin = MakeLsn(expected, 0),
         .lsn_end = MakeLsn(found, 0),
         .text = fmt::format("segment {} is missing: the next one here is {}", expected, found)});
  }
  return true;
}

// Segments in use first, then those that were only prepared.
bool Examiner::CheckHeaders() {
  const SurveyedSegment* unused = nullptr;
  for (SurveyedSegment& segment : survey_.segments) {
    HeaderFinding found = FindingFor(segment, survey_.log_id.log_uuid, mode_.event_level_max);
    if (found.refusal != Refusal::kNone) return Refuse(found.refusal, std::move(found.finding));
    if (!found.finding.code.empty()) Note(found.severity, std::move(found.finding));
    if (!segment.active()) {
      unused = &segment;
    } else if (unused == nullptr) {
      active_.push_back(&segment);
    } else {
      return Refuse(Refusal::kHeaderLost,
                    {.file = unused->bytes.path(),
                     .text = fmt::format("never activated, but segment {} behind it is in use",
                                         segment.segno)});
    }
  }
  if (active_.front()->header().prev_segno != 0 || active_.front()->header().first_seq != 1) {
    const SurveyedSegment& first = *active_.front();
    return Refuse(Refusal::kNoBase,
                  {.file = first.bytes.path(),
                   .first_seq = 1,
                   .last_seq = first.header().first_seq - 1,
                   .text = fmt::format("the log starts at segment {} with seq {}, and nothing "
                                       "covers what came before",
                                       first.segno, first.header().first_seq)});
  }
  return true;
}

bool Examiner::CheckChain() {
  decision_.scans.reserve(active_.size());
  for (size_t i = 0; i < active_.size(); ++i) {
    SurveyedSegment& segment = *active_[i];
    const SegmentScan* before = i == 0 ? nullptr : &decision_.scans[i - 1];
    if (before != nullptr) {
      std::optional<Finding> conflict = LinkConflict(segment, *active_[i - 1], *before);
      if (conflict) return Refuse(Refusal::kChainBroken, *std::move(conflict));
    }
    const bool last = i + 1 == active_.size();
    const SegmentHeader header = segment.header();
    const uint64_t limit =
        last ? header.segment_bytes : OffsetOf(active_[i + 1]->header().prev_end_lsn);
    const Slots slots = ReadSlots(&segment.bytes, header);
    NoteSlots(segment, slots);
    const Chain first = {.batch_lsn = 0};
    decision_.scans.push_back(ScanSegment(&segment.bytes, header, slots,
                                          before == nullptr ? first : before->chain, limit));
    const SegmentScan& scan = decision_.scans.back();
    RecoveryReport& report = decision_.report;
    report.batches += scan.batches;
    report.epoch = header.epoch;
    report.end_lsn = MakeLsn(segment.segno, scan.end);
    report.durable_lsn = scan.durable_lsn;
    report.last_seq = scan.chain.next_seq - 1;
    if (report.last_seq != 0) report.first_seq = 1;
    if (!scan.slot_conflict.empty()) {
      return Refuse(Refusal::kChainBroken, {.file = segment.bytes.path(),
                                            .offset = 2 * (uint64_t{1} << header.commit_align_log2),
                                            .text = scan.slot_conflict});
    }
    if (!last) {
      if (!CheckInner(segment, scan, limit)) return false;
      continue;
    }
    last_slots_ = slots;
    if (!CheckTail(segment, scan) || !CheckSuccessor(segment, scan)) return false;
  }
  return true;
}

// Up to `limit` a segment with a successor is whole: what is wrong before it is damage.
bool Examiner::CheckInner(const SurveyedSegment& segment, const SegmentScan& scan, uint64_t limit) {
  const SegmentHeader& next = (&segment + 1)->header();
  const bool here = SegnoOf(next.prev_end_lsn) == segment.segno &&
                    limit >= FirstBatchOffset(kCommitAlignMin) &&
                    limit <= segment.header().segment_bytes;
  if (!here) {
    return Refuse(Refusal::kChainBroken,
                  {.file = (&segment + 1)->bytes.path(),
                   .offset = 104,
                   .text = fmt::format("it says that the segment before it ends at lsn {:#x}",
                                       next.prev_end_lsn)});
  }
  if (scan.end == limit) return true;
  TailFinding found = FindingAt(segment, scan, MakeLsn(segment.segno, limit),
                                {.place = scan.at_end.place,
                                 .beyond = true,
                                 .behind = scan.behind_count > 0,
                                 .stale_fill = segment.header().fill == Fill::kStale,
                                 .lenient = mode_.lenient,
                                 .cut = segment.bytes.file_bytes() < limit});
  if (found.refusal == Refusal::kNone) found.refusal = Refusal::kCorruptAcked;
  found.finding.last_seq = next.prev_last_seq;
  return Refuse(found.refusal, std::move(found.finding));
}

bool Examiner::CheckTail(const SurveyedSegment& segment, const SegmentScan& scan) {
  const uint64_t end_lsn = MakeLsn(segment.segno, scan.end);
  const uint64_t promised = std::min(scan.durable_lsn, mode_.promised_max);
  RecoveryReport& report = decision_.report;
  const bool beyond = promised > end_lsn;
  report.dropped_bytes = scan.used_end - scan.end;
  if (mode_.live && !beyond) {
    report.dropped_bytes = 0;
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
  TailFinding found =
      FindingAt(segment, scan, promised,
                {.place = scan.at_end.place,
                 .beyond = beyond,
                 .behind = scan.behind_count > 0,
                 .stale_fill = segment.header().fill == Fill::kStale,
                 .lenient = mode_.lenient,
                 .cut = segment.bytes.file_bytes() < segment.header().segment_bytes});
  if (found.refusal != Refusal::kNone) return Refuse(found.refusal, std::move(found.finding));
  report.verdict = found.verdict;
  if (!found.finding.code.empty()) Note(found.severity, std::move(found.finding));
  return true;
}

// 16.  SEGMENT_END is written when its successor is ready and has its name.
bool Examiner::CheckSuccessor(const SurveyedSegment& segment, const SegmentScan& scan) {
  const bool there = !survey_.segments.empty() && survey_.segments.back().segno > segment.segno;
  if (!scan.sealed || there || mode_.live) return true;
  const uint64_t next = segment.segno + 1;
  return Refuse(Refusal::kMissingSegment,
                {.file = PathIn(survey_.directory, SegmentName(next)),
                 .lsn_begin = MakeLsn(next, 0),
                 .lsn_end = MakeLsn(next + 1, 0),
                 .first_seq = scan.chain.next_seq,
                 .text = fmt::format("segment {} ends with the promise of segment {}, which is "
                                     "not there",
                                     segment.segno, next)});
}

// 21.  One slot is enough, and none only means that nothing is known.
void Examiner::NoteSlots(const SurveyedSegment& segment, const Slots& slots) {
  const uint64_t align = uint64_t{1} << segment.header().commit_align_log2;
  for (size_t i = 0; i < slots.flaw.size(); ++i) {
    if (slots.flaw[i] == Flaw::kNone || slots.flaw[i] == Flaw::kZero) continue;
    Note(Severity::kWarning,
         {.code = "SLOT_DAMAGED",
          .file = segment.bytes.path(),
          .offset = (2 + i) * align,
          .text = fmt::format("watermark slot at position {}: {}", i, ToString(slots.flaw[i]))});
  }
}

void Examiner::FillTail() {
  const SurveyedSegment& last = *active_.back();
  const SegmentScan& scan = decision_.scans.back();
  RecoveryReport& report = decision_.report;
  // Of a live log a promise may be newer than the scan.
  report.durable_lsn = std::min(report.durable_lsn, report.end_lsn);
  const WatermarkSlot* slot = last_slots_.newest();
  report.clean = slot != nullptr && (slot->flags & kSlotCleanClose) != 0 &&
                 slot->durable_lsn == report.end_lsn && report.dropped_bytes == 0;
  RecoveredTail& tail = decision_.tail;
  tail.log_uuid = survey_.log_id.log_uuid;
  tail.epoch = last.header().epoch;
  tail.next_segno = last.segno + 1;
  tail.next_seq = scan.chain.next_seq;
  tail.start_reason = report.clean ? StartReason::kCleanOpen : StartReason::kCrashRecovery;
  tail.prev_end_lsn = report.end_lsn;
  tail.prev_last_seq = report.last_seq;
  tail.prev_batch_lsn = scan.chain.batch_lsn.value_or(0);
  tail.prev_batch_id = scan.chain.batch_id;
  tail.prev_durable_lsn = std::min(scan.durable_lsn, report.end_lsn);
  tail.prev_state_digest = scan.chain.state_digest;
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
    tail.accepted.segments.push_back({.path = active_[i]->bytes.path(),
                                      .segno = header.segno,
                                      .salt = header.salt,
                                      .epoch = header.epoch,
                                      .commit_align_log2 = header.commit_align_log2,
                                      .record_align_log2 = header.record_align_log2,
                                      .first_seq = header.first_seq,
                                      .prev_batch_id = header.prev_batch_id,
                                      .end_offset = decision_.scans[i].end});
  }
}

}  // namespace

Decision Examine(Survey* survey, const ExamineMode& mode) { return Examiner(survey, mode).Run(); }

RecoveryReport RefusalReport(const std::string& directory, Refusal refusal, Finding finding) {
  finding.code = ToString(refusal);
  finding.severity = Severity::kRefusal;
  RecoveryReport report;
  report.directory = directory;
  report.verdict = Verdict::kRefused;
  report.refusal = refusal;
  report.findings.push_back(std::move(finding));
  return report;
}

}  // namespace stet::wal
