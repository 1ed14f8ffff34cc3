// What a SimStorage does wrong, and when.
#pragma once

#include <cstdint>

#include "tests/sim/sim_content.h"

namespace stet::wal {

// In which order operations in flight complete.  kTimed: each after a time of its own, drawn at random.
enum class SimOrder : uint8_t { kFifo, kLifo, kRandom, kTimed };

// Calls are counted from 1, 0: never; reads do not count.  Rates are chances from 0 to 1, of each call.
struct SimFaults {
  uint64_t fail_call = 0;  // this call fails with `fail_errno`, once
  int fail_errno = 0;
  uint64_t die_at_call =
      0;  // the power goes while this call is under way: it and all later ones fail
  uint64_t short_write = 0;        // this queued write completes after its first block
  uint64_t capacity = UINT64_MAX;  // bytes of all files: ENOSPC beyond

  double write_error = 0;  // EIO, any part written
  double flush_error = 0;
  double name_error = 0;  // create, rename, remove, flush of a directory, allocate
  double read_error = 0;
  double short_rate = 0;  // of queued writes
  double busy_rate = 0;   // EAGAIN or EINTR for a queued write
  double clock_jump = 0;  // of wall time, back or forth
  FlushFailure flush_failure = FlushFailure::kStillDirty;

  // The medium: the n-th queued write is said to be done, and is not; or is done in another place; or there as well.
  uint64_t lose_write = 0;
  uint64_t misdirect_write = 0;
  uint64_t duplicate_write = 0;

  bool any_names = false;  // of names that were not flushed any may survive, not only the first
};

}  // namespace stet::wal
