// One line per case: what stands there, what was promised and by whom, what it means.
#include "wal/tail_finding.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "wal/bit_flip.h"

namespace stet::wal {
namespace {

std::string_view MeaningOf(TailCase tail_case) {
  switch (tail_case) {
    case TailCase::kEnd:
      return "";
    case TailCase::kLostTail:
      return "durable batches are gone";
    case TailCase::kTorn:
      return "a write was in flight at the crash; it was never acknowledged and is dropped";
    case TailCase::kTornGroup:
      return "several writes were in flight at the crash; none was acknowledged, all are dropped";
    case TailCase::kCorruptAcked:
      return "durable data is damaged";
    case TailCase::kSuspectTail:
      return "every sector was written and the bytes are wrong, as no crash does; it may have been "
             "acknowledged";
    case TailCase::kSuspectDropped:
      return "every sector was written and the bytes are wrong; dropped, as asked (lenient)";
    case TailCase::kWeakDropped:
      return "in a segment that was not zeroed before its use; dropped";
    case TailCase::kStaleTail:
      return "left by an older use of the file; nothing was written here since";
    case TailCase::kMisplaced:
      return "a batch of another place; nothing durable was here";
    case TailCase::kMisdirected:
      return "a batch of another place stands where durable data was";
    case TailCase::kChainBroken:
      return "an intact batch does not continue the one before it";
    case TailCase::kIoError:
      return "the device reports an error";
    case TailCase::kIoDropped:
      return "the device reports an error; dropped, as asked (lenient)";
    case TailCase::kCutAtEnd:
      return "the file is shorter than its header says; nothing of the log is missing";
    case TailCase::kTruncated:
      return "the file ends before its durable data does";
    case TailCase::kNewer:
      return "written by a newer version";
    case TailCase::kBehindSnapshot:
      return "the log ends before a snapshot of it does: durable records are missing, or it is an "
             "older copy";
  }
  return "";
}

Severity SeverityOf(TailCase tail_case) {
  if (RefusalFor(tail_case) != Refusal::kNone) return Severity::kRefusal;
  const bool crash = tail_case == TailCase::kTorn || tail_case == TailCase::kTornGroup ||
                     tail_case == TailCase::kEnd || tail_case == TailCase::kStaleTail;
  return crash ? Severity::kInfo : Severity::kWarning;
}

// " One flipped bit explains it: ..." if that is so.
std::string BitFlipText(const SurveyedSegment& segment, const SegmentScan& scan) {
  absl::StatusOr<SegmentBytes> again = segment.bytes.Reopen();
  if (!again.ok()) return {};
  const uint64_t bytes = scan.at_end.intact() ? scan.at_end.bytes : kCommitAlignMin;
  const absl::StatusOr<Bytes> batch = again->At(scan.end, bytes);
  if (!batch.ok()) return {};
  const auto flip = FindBitFlip(*batch, MakeLsn(segment.segno, scan.end));
  if (!flip) return {};
  return fmt::format("; bit rot proven: flipping bit {} of the byte at offset {} repairs it",
                     flip->bit, scan.end + flip->offset);
}

}  // namespace

TailFinding FindingAt(const SurveyedSegment& segment, const SegmentScan& scan, uint64_t promised,
                      const TailFacts& facts) {
  const TailCase tail_case = Classify(facts);
  const uint64_t end_lsn = MakeLsn(segment.segno, scan.end);
  TailFinding found = {.refusal = RefusalFor(tail_case),
                       .verdict = VerdictFor(tail_case),
                       .severity = SeverityOf(tail_case)};
  Finding& finding = found.finding;
  finding.code = CodeFor(tail_case);
  if (finding.code.empty()) return found;
  finding.row = RowOf(facts);
  finding.file = segment.bytes.path();
  finding.offset = scan.end;
  finding.lsn_begin = end_lsn;
  finding.lsn_end = facts.beyond ? promised : MakeLsn(segment.segno, scan.used_end);
  if (found.refusal != Refusal::kNone) {
    finding.first_seq = scan.chain.next_seq;
    finding.last_seq = scan.durable_seq;
    if (finding.last_seq == 0 && scan.behind_seq > 0) finding.last_seq = scan.behind_seq - 1;
  }
  finding.text = MeaningOf(tail_case);
  if (!scan.at_end.text.empty() && tail_case != TailCase::kCutAtEnd) {
    finding.text += fmt::format(" ({})", scan.at_end.text);
  }
  if (facts.beyond) {
    finding.text += fmt::format("; durable up to lsn {:#x} says {}", promised,
                                scan.durable_lsn >= promised ? scan.witness
                                : facts.anchored             ? "a snapshot"
                                                             : "the header of the next segment");
  }
  if (scan.behind_count > 0) {
    finding.text += fmt::format("; {} batches behind it, from lsn {:#x} (seq {})",
                                scan.behind_count, scan.behind_lsn, scan.behind_seq);
  }
  if (facts.place == Place::kDamaged) finding.text += BitFlipText(segment, scan);
  return found;
}

}  // namespace stet::wal
