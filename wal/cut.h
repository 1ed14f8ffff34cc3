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
  size_t first = 0;      // segments before it are dropped: a snapshot covers them
  size_t kept = 0;       // segments of the survey; 0: a snapshot holds what is kept
  uint64_t offset = 0;   // where it ends in the last of them
  uint64_t end_lsn = 0;  // the same place
  bool sealed = false;   // its last batch is SEGMENT_END: a segment behind it is promised
  Chain chain = {};      // up to there
  std::vector<LooseSlot> loose_slots = {};  // of the kept segments
};

// With an `anchor` (null: none) what stands before the segment that holds it is taken as it is: it is
// not read.  If the anchor is not reached so, and a segment begins right behind it, that one is the
// first.  Errors: DataLoss if not even the first segment can be used.
absl::StatusOr<Cut> FindCut(Survey* survey, const Anchor* anchor);

// Nothing of the log is kept: it goes on behind a snapshot.
Cut CutBehind(const Anchor& anchor);

// Drops the segments [begin, end) of the survey, and files that are none.
void Hide(const Survey& survey, size_t begin, size_t end, OverlayStorage* overlay);

// Drops in `overlay` what stands behind the cut, and the slots that promise it.
void ApplyCut(const Survey& survey, const Cut& cut, OverlayStorage* overlay,
              std::vector<Change>* changes);

// Adds the segment that continues the log at the cut: it says "repair", and that all before
// `dropped_to_lsn` (0: nothing) was dropped.  Returns its path.
std::string AddSuccessor(const Survey& survey, const Cut& cut, uint64_t dropped_to_lsn,
                         Storage* storage, OverlayStorage* overlay);

}  // namespace stet::wal
