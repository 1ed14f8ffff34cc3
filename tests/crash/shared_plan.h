// What a writer process is to do and what it says of its log, in memory that outlives it.
#pragma once

#include <atomic>
#include <cstdint>

#include "stet/wal/options.h"

namespace stet::wal {

// Set before the process starts.
struct WriterPlan {
  char directory[256] = {};
  Durability durability = Durability::kCommit;
  Backend backend = Backend::kAuto;
  uint64_t segment_bytes = 64 << 10;
  uint64_t first_segment_bytes = 64 << 10;
  uint32_t batch_bytes_max = 16 << 10;
  uint32_t inflight_bytes_max = 256 << 10;
  uint64_t seed = 1;                  // of the sizes of groups and the pauses between them
  uint64_t records_max = UINT64_MAX;  // to append; then wait until all is released
  uint64_t outstanding_max = 64;      // records that are not yet released
  uint32_t group_max = 4;             // records in a group
  uint32_t pause_us_max = 0;          // between groups
  uint64_t kill_at_call = 0;          // kill -9 itself before this call of the storage; 0: never
  bool close = true;                  // at the end
  bool outlast_full_disk = false;     // try again when the disk is full
  bool retires = false;  // what was there when it opened, once it has appended a little
  Retired retired = Retired::kRecycle;
};

// A snapshot's anchor, as if it were kept on another machine.
struct SharedAnchor {
  uint64_t seq = 0;
  uint64_t lsn = 0;
  uint64_t batch_id_low = 0;
  uint64_t batch_id_high = 0;
};

// Each is a lower bound of the log's watermark of that name, and survives kill -9.
struct Promises {
  std::atomic<uint64_t> appending = 0;  // an upper bound: the last seq that may have been given
  std::atomic<uint64_t> released = 0;
  std::atomic<uint64_t> written = 0;
  std::atomic<uint64_t> durable = 0;
  std::atomic<uint64_t> witnessed = 0;
  std::atomic<uint64_t> openings = 0;      // openings that came to the end
  std::atomic<uint64_t> calls = 0;         // of the storage, in the last process
  std::atomic<uint64_t> refused_full = 0;  // appends refused because the disk was full
  std::atomic<uint64_t> retired = 0;       // segments, in all processes that came to their end
  // The n-th anchor, from 1 on, is in place n % 2; 0: there is none.
  std::atomic<uint64_t> anchor = 0;
  SharedAnchor anchors[2] = {};
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

struct SharedPlan {
  WriterPlan plan = {};
  Promises promises = {};
  char error[1024] = {};  // why the last process gave up
};

// What a writer process exits with.
enum class WriterExit : int { kDone = 0, kUsage = 2, kNotOpened = 3, kFailed = 4 };

}  // namespace stet::wal
