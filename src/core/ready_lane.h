// The ready runs of one activity and one priority, oldest first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <absl/container/btree_map.h>

#include "core/execution.h"

namespace stet::core {

// A ready run, and its place.
struct ReadyEntry {
  const Execution* execution = nullptr;
  uint32_t task = 0;
  uint64_t order = 0;  // unique, ascending
};

// A line: runs join it at its end and leave it at its front, and both cost next to nothing.  One that
// leaves from within stays as a gap until there are many; one that comes back to a place that the line
// has passed waits beside it.
class ReadyLane {
 public:
  bool empty() const { return live_ == 0 && late_.empty(); }
  // Of a lane that is not empty.
  const ReadyEntry& front() const;

  void Insert(const ReadyEntry& entry);
  // `order` must be there.
  void Erase(uint64_t order);

 private:
  void EraseWithin(uint64_t order);
  void DropGaps();

  std::vector<ReadyEntry> line_ = {};  // ascending; a gap has kNoTask
  size_t head_ = 0;                    // where the line begins: never a gap
  size_t live_ = 0;                    // in it, besides gaps
  absl::btree_map<uint64_t, ReadyEntry> late_ = {};
};

}  // namespace stet::core
