// What attempts have recorded about their tasks beside their ends: results of steps, a checkpoint, a state, metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <absl/container/btree_map.h>

#include "core/ref.h"
#include "core/step_map.h"

namespace stet::core {

inline constexpr size_t kStepsMax = 10'000;  // of one run
inline constexpr size_t kMetadataMax = 64;   // entries of one task
inline constexpr size_t kMetadataValueBytesMax = 1024;

// A worker has the attempt, and is believed to be there until then.  In ns; 0: no lease.
struct RunLease {
  std::string worker = {};
  int64_t until = 0;
  friend bool operator==(const RunLease&, const RunLease&) = default;
};

// How far a map task's attempt is.  All but `items` follows from the executions of its items.
struct MapProgress {
  uint32_t items = 0;  // one more than there are; 0: it was not expanded
  uint32_t started = 0;
  uint32_t ended = 0;
  uint32_t failed = 0;  // of those that have ended: did not complete

  bool expanded() const { return items != 0; }
  uint32_t size() const { return items - 1; }  // once expanded
  friend bool operator==(const MapProgress&, const MapProgress&) = default;
};

struct RunNotes {
  StepMap<PayloadRef> steps = {};  // of the current run; none once it has ended
  PayloadRef checkpoint = {};      // likewise
  // Of the current run, in ns, 0: none.
  int64_t close_by = 0;   // it must have ended by then
  int64_t retry_by = 0;   // no attempt of it begins from then on
  RunLease lease = {};    // of the current attempt
  MapProgress map = {};   // of the attempt of a map task that waits for its items
  uint32_t runs = 0;      // of the task, if it may have several: how many have completed
  PayloadRef state = {};  // of the task, if it is stateful: what its last success left
  absl::btree_map<std::string, std::string, std::less<>> metadata =
      {};  // of the task, over its runs

  bool empty() const { return *this == RunNotes(); }
  friend bool operator==(const RunNotes&, const RunNotes&) = default;
};

// The notes of an execution's tasks; most have none.
class NotesByTask {
 public:
  bool empty() const { return by_task_.empty(); }
  // Null when there are none.
  const RunNotes* Find(uint32_t task) const {
    if (by_task_.empty()) return nullptr;
    const auto at = by_task_.find(task);
    return at == by_task_.end() ? nullptr : &at->second;
  }
  RunNotes& Of(uint32_t task) { return by_task_[task]; }
  // Null when no worker has the task's attempt under a lease.
  const RunLease* LeaseOf(uint32_t task) const {
    const RunNotes* notes = Find(task);
    return notes == nullptr || notes->lease.until == 0 ? nullptr : &notes->lease;
  }
  void Erase(uint32_t task) { by_task_.erase(task); }
  const absl::btree_map<uint32_t, RunNotes>& by_task() const { return by_task_; }

  friend bool operator==(const NotesByTask& a, const NotesByTask& b) {
    return a.by_task_ == b.by_task_;
  }

 private:
  absl::btree_map<uint32_t, RunNotes> by_task_ = {};
};

}  // namespace stet::core
