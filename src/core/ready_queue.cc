// Ready runs in lanes, one per priority.
#include "core/ready_queue.h"

namespace stet::core {

void ReadyQueue::Drop(int32_t priority) {
  const auto lane = lanes_.find(priority);
  if (lane == lanes_.end()) return;
  std::deque<Entry>& entries = lane->second;
  while (!entries.empty() && !entries.front().live()) entries.pop_front();
  // Lane 0 stays: most workflows use no other, and it empties and fills all the time.
  if (entries.empty() && priority != 0) lanes_.erase(lane);
}

const ReadyQueue::Entry* ReadyQueue::First() const {
  for (const auto& [priority, lane] : lanes_) {
    if (!lane.empty()) return &lane.front();
  }
  return nullptr;
}

const ReadyQueue::Entry* ReadyQueue::First(
    absl::FunctionRef<bool(const Execution&, uint32_t task)> accept) const {
  for (const auto& [priority, lane] : lanes_) {
    for (const Entry& entry : lane) {
      if (entry.live() && accept(*entry.execution, entry.task)) return &entry;
    }
  }
  return nullptr;
}

}  // namespace stet::core
