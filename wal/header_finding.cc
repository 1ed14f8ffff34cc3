// Headers: whose, which, how damaged.
#include "wal/header_finding.h"

#include <string>
#include <utility>

#include <fmt/format.h>

namespace stet::wal {
namespace {

HeaderFinding Refused(Refusal refusal, Finding finding) {
  return {.refusal = refusal, .severity = Severity::kRefusal, .finding = std::move(finding)};
}

HeaderFinding Said(Severity severity, std::string code, const SurveyedSegment& segment,
                   std::string text) {
  return {.severity = severity,
          .finding = {.code = std::move(code),
                      .row = RowOf(segment.facts),
                      .file = segment.bytes.path(),
                      .text = std::move(text)}};
}

// Of an intact header: whether it belongs here.
HeaderFinding BelongingOf(const SurveyedSegment& segment, const Digest& log_uuid,
                          uint16_t event_level_max) {
  const SegmentHeader& header = segment.header();
  Finding finding = {.row = 20, .file = segment.bytes.path()};
  if (header.log_uuid != log_uuid) {
    finding.row = 19;
    finding.offset = offsetof(SegmentHeader, log_uuid);
    finding.text =
        fmt::format("expected log {}, found {}", ToString(log_uuid), ToString(header.log_uuid));
    return Refused(Refusal::kForeign, std::move(finding));
  }
  if (header.segno != segment.segno) {
    finding.row = 18;
    finding.offset = offsetof(SegmentHeader, segno);
    finding.text = fmt::format("expected segment {}, found {}", segment.segno, header.segno);
    return Refused(Refusal::kMisnamed, std::move(finding));
  }
  if (header.features_ro_compat != 0) {
    finding.offset = offsetof(SegmentHeader, features_ro_compat);
    finding.text = fmt::format("features {:#x} are not known", header.features_ro_compat);
    return Refused(Refusal::kUnsupported, std::move(finding));
  }
  if (header.event_level > event_level_max) {
    finding.offset = offsetof(SegmentHeader, event_level);
    finding.text = fmt::format("record types of level {}; levels up to {} are known",
                               header.event_level, event_level_max);
    return Refused(Refusal::kUnsupported, std::move(finding));
  }
  return {};
}

}  // namespace

HeaderFinding FindingFor(const SurveyedSegment& segment, const Digest& log_uuid,
                         uint16_t event_level_max) {
  const std::string copies = fmt::format("copy A: {}, copy B: {}", ToString(segment.copies.flaw[0]),
                                         ToString(segment.copies.flaw[1]));
  HeaderFinding said;
  Finding finding = {.row = RowOf(segment.facts), .file = segment.bytes.path()};
  switch (segment.header_case) {
    case HeaderCase::kUse:
    case HeaderCase::kReady:
      break;
    case HeaderCase::kHeal:
    case HeaderCase::kReadyHealed:
      if (segment.facts.a == Copy::kBad || segment.facts.b == Copy::kBad) {
        said = Said(Severity::kWarning, "HEADER_HEALED", segment,
                    "one copy of the header is used for both: " + copies);
      } else {
        said = Said(Severity::kInfo, "HEADER_HEALED", segment,
                    "the crash came during activation: one copy of the header has it");
      }
      break;
    case HeaderCase::kUnborn:
      return Said(Severity::kInfo, "UNBORN_SEGMENT", segment, "nothing was ever in it");
    case HeaderCase::kLost:
      finding.lsn_begin = MakeLsn(segment.segno, 0);
      finding.lsn_end = MakeLsn(segment.segno, segment.bytes.file_bytes());
      finding.text = segment.copies.best() == nullptr
                         ? copies
                         : "batches are here, but no copy of the header says that it is in use";
      return Refused(Refusal::kHeaderLost, std::move(finding));
    case HeaderCase::kDisagree:
      finding.text = "both copies of the header are intact, and they differ";
      return Refused(Refusal::kChainBroken, std::move(finding));
    case HeaderCase::kNewer:
      finding.text = "written by a newer version: " + copies;
      return Refused(Refusal::kUnsupported, std::move(finding));
  }
  HeaderFinding refused = BelongingOf(segment, log_uuid, event_level_max);
  return refused.refusal != Refusal::kNone ? refused : said;
}

namespace {

Finding Conflict(const SurveyedSegment& segment, uint64_t offset, std::string text) {
  return {.row = 11, .file = segment.bytes.path(), .offset = offset, .text = std::move(text)};
}

// What the two headers, and the slots of the first, say of each other.
std::optional<Finding> HeaderConflict(const SurveyedSegment& segment,
                                      const SurveyedSegment& previous) {
  const SegmentHeader& header = segment.header();
  const SegmentHeader& before = previous.header();
  if (header.prev_segno != previous.segno) {
    return Conflict(
        segment, offsetof(SegmentHeader, prev_segno),
        fmt::format("expected to follow segment {}, found {}", previous.segno, header.prev_segno));
  }
  if (header.epoch < before.epoch) {
    return Conflict(segment, offsetof(SegmentHeader, epoch),
                    fmt::format("epoch {} follows epoch {}", header.epoch, before.epoch));
  }
  const uint64_t align = uint64_t{1} << before.commit_align_log2;
  const uint64_t end = OffsetOf(header.prev_end_lsn);
  if (SegnoOf(header.prev_end_lsn) != previous.segno || end < FirstBatchOffset(align) ||
      end > before.segment_bytes) {
    return Conflict(
        segment, offsetof(SegmentHeader, prev_end_lsn),
        fmt::format("it says that the segment before it ends at lsn {:#x}", header.prev_end_lsn));
  }
  if (header.first_seq != header.prev_last_seq + 1 || header.first_seq < before.first_seq) {
    return Conflict(segment, offsetof(SegmentHeader, first_seq),
                    fmt::format("first seq {} does not follow {}, in a segment behind the one that "
                                "starts with {}",
                                header.first_seq, header.prev_last_seq, before.first_seq));
  }
  const WatermarkSlot* slot = previous.slots.newest();
  if (slot != nullptr && slot->durable_lsn > header.prev_end_lsn) {
    return Conflict(
        segment, offsetof(SegmentHeader, prev_end_lsn),
        fmt::format("it says that segment {} ends at lsn {:#x}, but watermark slot {} "
                    "proves it durable to {:#x}",
                    previous.segno, header.prev_end_lsn, slot->slot_no, slot->durable_lsn));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Finding> FirstConflict(const SurveyedSegment& segment) {
  const SegmentHeader& header = segment.header();
  const bool names_one =
      header.prev_end_lsn != 0 || header.prev_last_seq != 0 || header.prev_batch_id != Digest{};
  if (header.prev_segno != 0 || !names_one) return std::nullopt;
  return Conflict(
      segment, offsetof(SegmentHeader, prev_segno),
      fmt::format("it says that no segment is before it, and that batch {}, seq {}, "
                  "ends there at lsn {:#x}",
                  ToString(header.prev_batch_id), header.prev_last_seq, header.prev_end_lsn));
}

std::optional<Finding> LinkConflict(const SurveyedSegment& segment, const SurveyedSegment& previous,
                                    const SegmentScan* scan) {
  if (std::optional<Finding> conflict = HeaderConflict(segment, previous)) return conflict;
  if (scan == nullptr) return std::nullopt;
  const SegmentHeader& header = segment.header();
  if (header.prev_batch_id != scan->chain.batch_id) {
    return Conflict(segment, offsetof(SegmentHeader, prev_batch_id),
                    fmt::format("expected to follow batch {}, found {}",
                                ToString(scan->chain.batch_id), ToString(header.prev_batch_id)));
  }
  if (header.first_seq != scan->chain.next_seq) {
    return Conflict(segment, offsetof(SegmentHeader, first_seq),
                    fmt::format("expected to start with seq {}, found {}", scan->chain.next_seq,
                                header.first_seq));
  }
  const uint64_t end_lsn = MakeLsn(previous.segno, scan->end);
  if (scan->durable_lsn > end_lsn) {
    return Conflict(segment, offsetof(SegmentHeader, prev_end_lsn),
                    fmt::format("it says that segment {} ends at lsn {:#x}, but {} proves it "
                                "durable to {:#x}",
                                previous.segno, end_lsn, scan->witness, scan->durable_lsn));
  }
  return std::nullopt;
}

}  // namespace stet::wal
