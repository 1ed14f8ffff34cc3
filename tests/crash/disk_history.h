// All that a disk was asked to do, and every state that a loss of power may have left it in.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tests/crash/disk_image.h"

namespace stet::wal {

// What the writer had promised when something reached the disk; lower bounds, but for `appending`.
struct PromisesThen {
  uint64_t appending = 0;
  uint64_t released = 0;
  uint64_t durable = 0;
  uint64_t witnessed = 0;
};

// Which sectors survive of the writes that no flush covers.
enum class Survival : uint8_t { kNone, kAll, kSome };

// Two events for each write and each flush: it reached the disk, and it completed.  Whoever waits for
// a completion is told after the event, so that no promise that rests on it is older than the event.
class DiskHistory {
 public:
  explicit DiskHistory(DiskImage start) : start_(std::move(start)) {}

  // Returns the number of the operation.
  size_t WriteArrives(uint64_t offset, std::span<const std::byte> data, const PromisesThen& then);
  size_t FlushArrives(const PromisesThen& then);
  void Completes(size_t operation, const PromisesThen& then);
  // An operation that failed: whether it did anything is open, for ever.
  void Fails(size_t operation, const PromisesThen& then);

  size_t events() const { return events_.size(); }
  // What had been promised before event `event` happened.  `event` < events().
  const PromisesThen& PromisesAt(size_t event) const { return events_[event].then; }

  // The disk after the power went just before event `event`.  What a flush covers (writes that had
  // completed when it arrived, if it completed) is there; of the rest any sectors may be.  With kSome
  // the `seed` chooses.
  DiskImage StateAt(size_t event, Survival survival, uint64_t seed) const;

 private:
  struct Operation {
    bool flush = false;
    uint64_t offset = 0;
    std::vector<std::byte> data = {};
    size_t covers = 0;  // a flush: the first so many of completed_
  };
  struct Event {
    size_t operation = 0;
    bool completion = false;
    bool failure = false;
    PromisesThen then = {};
  };

  size_t Arrives(Operation operation, const PromisesThen& then);

  DiskImage start_;
  std::vector<Operation> operations_;
  std::vector<Event> events_;
  std::vector<size_t> completed_;  // writes, in the order of their completion
};

}  // namespace stet::wal
