// What recovery hands to the writer: where the log ends and how the next segment continues it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stet/wal/storage.h"
#include "wal/format.h"
#include "wal/read_plan.h"

namespace stet::wal {

// The next segment's header says in prev_* what stands here.  For an unborn log all is zero but
// next_segno = 1 and next_seq = 1, and the writer creates LOG_ID once segment 1 is active.
struct RecoveredTail {
  bool unborn = false;
  Digest log_uuid = {};
  int64_t created_ns = 0;  // of the log
  uint32_t epoch = 0;      // of the last writer
  uint64_t next_segno = 1;
  uint64_t next_seq = 1;
  StartReason start_reason = StartReason::kCreate;  // kCreate, kCleanOpen or kCrashRecovery
  uint64_t prev_end_lsn = 0;
  uint64_t prev_last_seq = 0;
  uint64_t prev_batch_lsn = 0;  // of the last accepted batch: the next batch's prev_lsn
  Digest prev_batch_id = {};    // its identity; 0: there is none
  uint64_t prev_durable_lsn = 0;
  uint64_t discarded_to_lsn = 0;
  uint64_t prev_state_digest = 0;  // of the last accepted batch that carries one
  // Paths that are in the way: provisional segments, unfinished creations.  Nothing in them counts.
  // The one named for next_segno is only ever renamed over: a SEGMENT_END before it promises that a
  // file of that name exists.  The others are removed.
  std::vector<std::string> leftovers = {};
  ReadPlan accepted = {};  // what a reader may read
};

}  // namespace stet::wal
