// Where the copy of a log ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <absl/time/time.h>

#include "wal/format.h"
#include "wal/survey.h"

namespace stet::wal {

struct CopyLimits {
  uint64_t end_lsn = 0;  // what is accepted of the source ends here
  uint64_t last_seq = UINT64_MAX;
  int64_t closed_by_ns = INT64_MAX;
};

// The last batch of records within the limits, and no batch that stands before the end has a later
// one behind it.
struct CopyEnd {
  size_t segment = 0;   // in the survey
  uint64_t offset = 0;  // behind it
  BatchHeader batch = {};

  uint64_t lsn(const Survey& survey) const {
    return MakeLsn(survey.segments[segment].segno, offset);
  }
  uint64_t last_seq() const { return batch.first_seq + batch.record_count - 1; }
};

// Nothing if no batch is within the limits.
std::optional<CopyEnd> FindCopyEnd(Survey* survey, const CopyLimits& limits);

}  // namespace stet::wal
