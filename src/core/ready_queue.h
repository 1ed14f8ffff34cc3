// Ready runs by priority, then by arrival.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include <absl/container/btree_map.h>
#include <absl/functional/function_ref.h>

#include "core/execution.h"

namespace stet::core {

// A run that left Ready leaves its entry behind: an entry counts only while the task is Ready with
// the same order.  Each lane's front counts.
class ReadyQueue {
 public:
  struct Entry {
    const Execution* execution = nullptr;
    uint32_t task = 0;
    uint64_t order = 0;  // unique, ascending
    bool live() const {
      const TaskSlot& slot = execution->tasks[task];
      return slot.state == TaskState::kReady && slot.order == order;
    }
  };

  void Push(int32_t priority, Entry entry) { lanes_[priority].push_back(entry); }

  // To be called after a run of `priority` left Ready.
  void Drop(int32_t priority);

  // The first entry, or the first that `accept` takes; null when there is none.
  const Entry* First() const;
  const Entry* First(absl::FunctionRef<bool(const Execution&, uint32_t task)> accept) const;

 private:
  using Lane = std::deque<Entry>;
  absl::btree_map<int32_t, Lane, std::greater<>> lanes_;
};

}  // namespace stet::core
