// Explains what stands in the part of a segment that holds batches.
#pragma once

#include <cstdint>
#include <optional>

#include <absl/status/statusor.h>

#include "stet/wal/explain.h"
#include "wal/looking.h"

namespace stet::wal {

// The header by which to read segment `i`: its own, or, if both copies are lost, what its first intact
// batch tells.  Nothing if there is none.
std::optional<SegmentHeader> HeaderFor(SurveyedSegment* segment);

// Whether segment `i` carries another log's identity than LOG_ID.
bool IsForeign(const Survey& survey, const SurveyedSegment& segment);

// What holds the byte at `lsn`.  Errors: those of Explain.
absl::StatusOr<Explanation> ExplainIn(Looking* looking, uint64_t lsn);

// What holds the byte at `offset` of segment `i`, behind its header blocks.
Explanation ExplainBatchAt(Looking* looking, size_t i, const SegmentHeader& header,
                           uint64_t offset);

}  // namespace stet::wal
