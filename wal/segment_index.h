// The index at the end of a finished segment: about every 64 KiB, which batch starts where.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wal/format.h"
#include "wal/segment_bytes.h"

namespace stet::wal {

// A SEGMENT_END batch that verifies.
struct SegmentIndex {
  uint64_t offset = 0;  // of the batch
  SegmentEnd end = {};
  std::vector<IndexEntry> entries = {};
};

// Takes the index out of a whole SEGMENT_END batch; nothing if it is too short for what it says.
std::optional<SegmentIndex> IndexOf(const BatchHeader& header, Bytes batch);

// The index of a segment whose batches end at `limit`; nothing if the last one is no SEGMENT_END, or
// does not verify.
std::optional<SegmentIndex> ReadIndex(SegmentBytes* bytes, const SegmentHeader& header,
                                      uint64_t limit);

// Where to begin to look for `seq`: the place of a batch that begins at it or before; 0 if nothing
// says.  What the index says is checked: a wrong entry costs time only.
uint64_t IndexedPlace(SegmentBytes* bytes, const SegmentHeader& header, uint64_t limit,
                      uint64_t seq);

}  // namespace stet::wal
