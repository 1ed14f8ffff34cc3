// Which bytes of which segments a reader reads.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "stet/wal/reader.h"
#include "stet/wal/storage.h"
#include "wal/format.h"

namespace stet::wal {

// One segment, up to the end of its last accepted batch.
struct ReadSegment {
  std::string path = {};
  uint64_t segno = 0;
  uint64_t salt = 0;
  uint32_t epoch = 0;
  uint8_t commit_align_log2 = 12;
  uint8_t record_align_log2 = kRecordAlignLog2;
  uint64_t first_seq = 0;     // of the first record in it, or of the next one if there is none
  Digest prev_batch_id = {};  // of the batch before its first
  uint64_t end_offset = 0;    // FirstBatchOffset if it holds no batch
};

// Segments in order, and in them the records up to a seq.
struct ReadPlan {
  std::vector<ReadSegment> segments = {};
  uint64_t last_seq = std::numeric_limits<uint64_t>::max();
};

// A reader of the records in `plan` with seq >= from_seq.  `storage` must outlive it.
Reader MakeReader(Storage* storage, ReadPlan plan, uint64_t from_seq);

}  // namespace stet::wal
