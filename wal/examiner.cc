// Examines a surveyed log.
#include "wal/examiner.h"

#include <utility>

#include "wal/examination.h"

namespace stet::wal {

Decision Examine(Survey* survey, const ExamineMode& mode) {
  return Examination(survey, mode).Run();
}

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
