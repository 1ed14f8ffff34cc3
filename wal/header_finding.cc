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
  return {
      .severity = severity,
      .finding = {.code = std::move(code), .file = segment.bytes.path(), .text = std::move(text)}};
}

// Of an intact header: whether it belongs here.
HeaderFinding BelongingOf(const SurveyedSegment& segment, const Digest& log_uuid,
                          uint16_t event_level_max) {
  const SegmentHeader& header = segment.header();
  Finding finding = {.file = segment.bytes.path()};
  if (header.log_uuid != log_uuid) {
    finding.offset = offsetof(SegmentHeader, log_uuid);
    finding.text =
        fmt::format("expected log {}, found {}", ToString(log_uuid), ToString(header.log_uuid));
    return Refused(Refusal::kForeign, std::move(finding));
  }
  if (header.segno != segment.segno) {
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
  Finding finding = {.file = segment.bytes.path()};
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

std::optional<Finding> LinkConflict(const SurveyedSegment& segment, const SurveyedSegment& previous,
                                    const SegmentScan& scan) {
  const SegmentHeader& header = segment.header();
  const uint64_t end_lsn = MakeLsn(previous.segno, scan.end);
  const auto conflict = [&](uint64_t offset, std::string text) {
    return Finding{.file = segment.bytes.path(), .offset = offset, .text = std::move(text)};
  };
  if (header.prev_segno != previous.segno) {
    return conflict(
        offsetof(SegmentHeader, prev_segno),
        fmt::format("expected to follow segment {}, found {}", previous.segno, header.prev_segno));
  }
  if (header.epoch < previous.header().epoch) {
    return conflict(
        offsetof(SegmentHeader, epoch),
        fmt::format("epoch {} follows epoch {}", header.epoch, previous.header().epoch));
  }
  if (header.prev_batch_id != scan.chain.batch_id) {
    return conflict(offsetof(SegmentHeader, prev_batch_id),
                    fmt::format("expected to follow batch {}, found {}",
                                ToString(scan.chain.batch_id), ToString(header.prev_batch_id)));
  }
  if (header.prev_last_seq != scan.chain.next_seq - 1 || header.first_seq != scan.chain.next_seq) {
    return conflict(offsetof(SegmentHeader, first_seq),
                    fmt::format("expected to start with seq {}, found {} (after {})",
                                scan.chain.next_seq, header.first_seq, header.prev_last_seq));
  }
  if (scan.durable_lsn > end_lsn) {
    return conflict(offsetof(SegmentHeader, prev_end_lsn),
                    fmt::format("it says that segment {} ends at lsn {:#x}, but {} proves it "
                                "durable to {:#x}",
                                previous.segno, end_lsn, scan.witness, scan.durable_lsn));
  }
  return std::nullopt;
}

}  // namespace stet::wal
