// Where the beginning of a damaged log ends that is whole, and how a new log ends there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "stet/wal/repair.h"
#include "wal/overlay_storage.h"
#include "wal/survey.h"

namespace stet::wal {

// A slot that is intact and names no batch of the beginning.
struct LooseSlot {
  std::string file = {};
  uint64_t offset = 0;
  uint64_t durable_lsn = 0;
  uint64_t durable_seq = 0;
};

// The longest beginning in which every batch continues the one before it.
struct Cut {
  size_t kept = 0;      // segments of the survey
  uint64_t offset = 0;  // where it ends in the last of them
  bool sealed = false;  // its last batch is SEGMENT_END: a segment behind it is promised
  Chain chain = {};     // up to there
  std::vector<LooseSlot> loose_slots = {};  // of the kept segments

  uint64_t end_lsn(const Survey& survey) const {
    return MakeLsn(survey.segments[kept - 1].segno, offset);
  }
};

// Errors: DataLoss if not even the first segment can be used.
absl::StatusOr<Cut> FindCut(Survey* survey);

// Drops in `overlay` what stands behind the cut, and the slots that promise it.
void ApplyCut(const Survey& survey, const Cut& cut, OverlayStorage* overlay,
              std::vector<Change>* changes);

// Adds the segment that continues the log at the cut: it says "repair", and that all before
// `dropped_to_lsn` (0: nothing) was dropped.  Returns its path.
std::string AddSuccessor(const Survey& survey, const Cut& cut, uint64_t dropped_to_lsn,
                         Storage* storage, OverlayStorage* overlay);

}  // namespace stet::wal
