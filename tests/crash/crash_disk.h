// A disk of our own under a real file system: a file of FUSE, on which a loop device sits.  It keeps
// a history of all writes and flushes, can go back to any state that a loss of power may have left,
// and can fail in other ways.
//
// It is served by a process of its own: one that used a file system whose disk it served itself could
// not even be killed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "tests/crash/disk_history.h"
#include "tests/crash/shared_plan.h"

namespace stet::wal {

// The first bytes of pages that faults are aimed at; as in the drawings of wal/format.h.
inline constexpr uint32_t kBatchPage = 0x5441'4257;   // "WBAT"
inline constexpr uint32_t kSlotPage = 0x4b52'4d57;    // "WMRK"
inline constexpr uint32_t kHeaderPage = 0x4f4c'4657;  // "WFLO"

// What goes wrong, with requests that concern a page that starts with `page` (0: any request).
struct DiskFault {
  enum class Kind : uint8_t {
    kNone,
    kWriteError,   // the write fails, nothing is stored
    kReadError,    // the read fails
    kFlushError,   // the flush fails
    kCacheLost,    // the flush fails, and batches that no flush covered are lost
    kLostWrite,    // said to be done, and is not
    kMisdirected,  // stored `distance` bytes further on
    kNoSpace,      // the write fails with ENOSPC
  };
  Kind kind = Kind::kNone;
  uint32_t page = 0;
  uint64_t lsn = 0;    // of a batch: only this one; 0: any
  uint64_t skip = 0;   // so many such requests pass before
  uint64_t count = 1;  // so many fail then
  uint64_t distance = 0;
};

struct DiskCounts {
  uint64_t events = 0;
  uint64_t writes = 0;
  uint64_t flushes = 0;
  uint64_t reads = 0;
  uint64_t faults = 0;         // that happened
  uint64_t struck_lsn = 0;     // of the batch that the last one concerned
  uint64_t in_flight_max = 0;  // writes
};

struct DiskRequest;
struct DiskAnswer;

class CrashDisk {
 public:
  // Serves `bytes` as the file `path`, which must exist and be empty.  `memory_fd` (of a
  // WriterProcess) tells what is promised while the disk works.
  CrashDisk(const std::string& path, uint64_t bytes, int memory_fd);
  CrashDisk(const CrashDisk&) = delete;
  CrashDisk& operator=(const CrashDisk&) = delete;
  ~CrashDisk();

  // The state now is where a new history begins, above the one before.  Nothing may be in flight.
  void BeginHistory();
  void EndHistory();
  // Each write takes up to so long.
  void SetDelay(uint32_t us_max);
  // Replaces the fault set before.
  void SetFault(const DiskFault& fault);
  DiskCounts Counts();
  PromisesThen PromisesAt(uint64_t event);
  // Puts the disk into a state of the last history (DiskHistory::StateAt), which takes up nothing more
  // from here on.  Nothing may be mounted.
  void GoTo(uint64_t event, Survival survival, uint64_t seed);

 private:
  DiskAnswer Ask(const DiskRequest& request);

  int control_ = -1;
  pid_t server_ = -1;
  std::string path_;
};

}  // namespace stet::wal
