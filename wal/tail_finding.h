// What is said about the place where a segment's batches end.
#pragma once

#include <cstdint>

#include "stet/wal/recovery.h"
#include "wal/recovery_table.h"
#include "wal/survey.h"

namespace stet::wal {

struct TailFinding {
  Refusal refusal = Refusal::kNone;
  Verdict verdict = Verdict::kClean;
  Severity severity = Severity::kInfo;
  Finding finding = {};  // code "" if there is nothing to say
};

// Classifies `facts` and words the finding; `promised` is the LSN up to which all must be there.
TailFinding FindingAt(const SurveyedSegment& segment, const SegmentScan& scan, uint64_t promised,
                      const TailFacts& facts);

}  // namespace stet::wal
