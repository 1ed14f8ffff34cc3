// A log's files read by nothing but the drawings in wal/format.h: what stands where, and how many records a crash left.  A second
// opinion that shares no code with the log.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "stet/wal/recovery.h"
#include "tests/sim/sim_disk.h"

namespace stet::wal {

struct MappedBatch {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;  // first_seq - 1 if it holds none
  bool ends_segment = false;
  BatchId id = {};
};

struct MappedSegment {
  std::string path = {};
  uint64_t segno = 0;
  bool active = false;
  bool one_copy = false;  // the crash came during activation: one copy of the header has it
  uint64_t salt = 0;
  uint64_t end = 0;  // of what counts
  std::vector<MappedBatch> batches = {};
  uint64_t first_seq = 1;  // that the header states, and the batch before it
  BatchId before = {};

  bool sealed() const { return !batches.empty() && batches.back().ends_segment; }
};

struct ImageMap {
  std::map<uint64_t, MappedSegment> segments = {};
  uint64_t first_seq = 1;  // the oldest record from which on nothing is missing
  uint64_t last_seq = 0;

  const MappedSegment* last_active() const;  // null: none
  const MappedSegment* At(const std::string& path) const;
};

// The anchor of a snapshot up to the end of `batch`, in segment `segno`.
Anchor AnchorOf(uint64_t segno, const MappedBatch& batch);

// Of an image that no fault of a medium touched.  What stands before a gap in the segments' numbers is
// left of a retirement, and not walked over.
ImageMap MapImage(const SimDisk& disk, const std::string& directory);

}  // namespace stet::wal
