// What comes before any scan: the directory, its names, the headers and how they follow each other.
#include "wal/examination.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wal/header_finding.h"

namespace stet::wal {

Examination::Examination(Survey* survey, const ExamineMode& mode) : survey_(*survey), mode_(mode) {
  decision_.report.directory = survey_.directory;
  decision_.report.segments = static_cast<int>(survey_.segments.size());
}

Decision Examination::Run() {
  if (CheckDirectory() && CheckNames() && CheckHeaders() && CheckBase() && CheckLinks() &&
      CheckChain()) {
    FillTail();
  }
  return std::move(decision_);
}

// Notes that a row of the table applied.
void Examination::Apply(int row) {
  std::vector<int>& rows = decision_.report.rows;
  if (row != 0 && std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
}

bool Examination::Refuse(Refusal refusal, Finding finding) {
  finding.code = ToString(refusal);
  finding.severity = Severity::kRefusal;
  if (finding.next_command.empty()) {
    finding.next_command = fmt::format("walinspect verify {}", survey_.directory);
  }
  Apply(finding.row);
  decision_.report.verdict = Verdict::kRefused;
  decision_.report.refusal = refusal;
  decision_.report.findings.push_back(std::move(finding));
  return false;
}

void Examination::Note(Severity severity, Finding finding) {
  finding.severity = severity;
  Apply(finding.row);
  decision_.report.findings.push_back(std::move(finding));
}

bool Examination::CheckDirectory() {
  const DirectoryFacts facts = {
      .log_id = survey_.log_id_state, .content = survey_.content, .create = mode_.create};
  decision_.directory = facts;
  const int row = RowOf(facts);
  const std::string id_path = PathIn(survey_.directory, kLogIdName);
  switch (Classify(facts)) {
    case DirectoryCase::kGoOn:
      return true;
    case DirectoryCase::kUnborn:
      Apply(row);
      FillUnborn();
      return false;
    case DirectoryCase::kNotALog:
      return Refuse(Refusal::kNotALog,
                    {.row = row,
                     .file = survey_.directory,
                     .text = "no log here (no LOG_ID and no batch), and creating one was not asked",
                     .next_command = fmt::format("ls -la {}", survey_.directory)});
    case DirectoryCase::kNoLogId:
      return Refuse(Refusal::kNoLogId,
                    {.row = row,
                     .file = id_path,
                     .text = survey_.log_id_state == LogIdState::kAbsent
                                 ? "segments hold batches, but LOG_ID is missing"
                                 : std::string(survey_.log_id_status.message())});
    case DirectoryCase::kLogMissing:
      return Refuse(Refusal::kLogMissing,
                    {.row = row,
                     .file = survey_.directory,
                     .text = "LOG_ID is here, but no segment that was ever used",
                     .next_command = fmt::format("ls -la {}", survey_.directory)});
    case DirectoryCase::kNewer:
      break;
  }
  return Refuse(
      Refusal::kUnsupported,
      {.row = row, .file = id_path, .text = std::string(survey_.log_id_status.message())});
}

void Examination::FillUnborn() {
  if (!mode_.anchors.empty()) {
    Decide({.anchor = AnchorPlace::kBehind});
    return;
  }
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

// Numbers without a gap, and nothing that looks like a segment and has no number.  Before the anchor
// a gap is a retirement that did not finish.
bool Examination::CheckNames() {
  if (!survey_.listing.misnamed.empty()) {
    const std::string& name = survey_.listing.misnamed.front();
    return Refuse(Refusal::kMisnamed,
                  {.row = 18,
                   .file = PathIn(survey_.directory, name),
                   .text = "ends in .wal, but is no segment's name (16 hex digits)"});
  }
  size_t passed = 0;
  for (size_t i = 1; i < survey_.segments.size(); ++i) {
    const uint64_t expected = survey_.segments[i - 1].segno + 1;
    const uint64_t found = survey_.segments[i].segno;
    if (found == expected) continue;
    if (Covers(survey_.segments[i])) {
      passed = i;
      continue;
    }
    return Refuse(
        Refusal::kMissingSegment,
        {.row = 16,
         .file = PathIn(survey_.directory, SegmentName(expected)),
         .lsn_begin = MakeLsn(expected, 0),
         .lsn_end = MakeLsn(found, 0),
         .text = fmt::format("segment {} is missing: the next one here is {}", expected, found)});
  }
  if (passed > 0) PassOver(passed);
  return true;
}

// Segments in use first, then those that were only prepared.
bool Examination::CheckHeaders() {
  const SurveyedSegment* unused = nullptr;
  for (SurveyedSegment& segment : survey_.segments) {
    HeaderFinding found = FindingFor(segment, survey_.log_id.log_uuid, mode_.event_level_max);
    if (found.refusal != Refusal::kNone) return Refuse(found.refusal, std::move(found.finding));
    if (!found.finding.code.empty()) {
      if (found.severity == Severity::kWarning) ++decision_.report.healed;
      Note(found.severity, std::move(found.finding));
    }
    if (!segment.active()) {
      unused = &segment;
    } else if (unused == nullptr) {
      active_.push_back(&segment);
    } else {
      return Refuse(Refusal::kHeaderLost,
                    {.row = 13,
                     .file = unused->bytes.path(),
                     .text = fmt::format("never activated, but segment {} behind it is in use",
                                         segment.segno)});
    }
  }
  return true;
}

// Of the segments that are not scanned: each header continues the one before it.
bool Examination::CheckLinks() {
  for (size_t i = 1; i <= scan_start_; ++i) {
    std::optional<Finding> conflict = LinkConflict(*active_[i], *active_[i - 1], nullptr);
    if (conflict) return Refuse(Refusal::kChainBroken, *std::move(conflict));
  }
  return true;
}

}  // namespace stet::wal
