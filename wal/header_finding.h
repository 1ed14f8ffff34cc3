// What is said about one segment's header, and about its link to the segment before.
#pragma once

#include <cstdint>
#include <optional>

#include "stet/wal/recovery.h"
#include "wal/survey.h"

namespace stet::wal {

struct HeaderFinding {
  Refusal refusal = Refusal::kNone;
  Severity severity = Severity::kInfo;
  Finding finding = {};  // code "" if there is nothing to say and nothing is refused
};

// Rows 12 to 15 and 18 to 20.
HeaderFinding FindingFor(const SurveyedSegment& segment, const Digest& log_uuid,
                         uint16_t event_level_max);

// What in the header of `segment`, the first that is read, contradicts itself; nothing if it does not.
std::optional<Finding> FirstConflict(const SurveyedSegment& segment);

// What in the header of `segment` contradicts the header and slots of `previous`, and the scan of
// it if there was one; nothing if they fit.
std::optional<Finding> LinkConflict(const SurveyedSegment& segment, const SurveyedSegment& previous,
                                    const SegmentScan* scan);

}  // namespace stet::wal
