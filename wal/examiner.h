// Decides about a surveyed log: the shared work of Recover and Examine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stet/wal/options.h"
#include "stet/wal/recovery.h"
#include "wal/recovered_tail.h"
#include "wal/survey.h"

namespace stet::wal {

// How to judge.
struct ExamineMode {
  bool create = false;
  bool lenient = false;
  uint16_t event_level_max = 1;
  // A process is writing: what lies behind the watermark is in flight, not torn.
  bool live = false;
  // Promises above this LSN do not count: they were made while the scan was under way.
  uint64_t promised_max = UINT64_MAX;
  // The newest first.
  std::vector<Anchor> anchors = {};
};

struct Decision {
  RecoveryReport report = {};
  RecoveredTail tail = {};              // meaningful unless refused
  std::vector<SegmentScan> scans = {};  // of the last segments in use, as far as they were scanned

  // What the tables were asked, for tests of their coverage.
  DirectoryFacts directory = {};
  std::vector<BaseFacts> bases = {};
  std::vector<TailFacts> ends = {};
};

// Reads the segments of `survey` and decides.  Reads only.
Decision Examine(Survey* survey, const ExamineMode& mode);

// A refusal for which there is nothing to survey.
RecoveryReport RefusalReport(const std::string& directory, Refusal refusal, Finding finding);

// The status that Recover returns for a refused report.
absl::Status StatusOf(const RecoveryReport& report);

}  // namespace stet::wal
