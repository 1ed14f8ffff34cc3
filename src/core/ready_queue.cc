// Lanes of ready runs, and the best run of each activity.
#include "core/ready_queue.h"

#include <cassert>

namespace stet::core {

void ReadyQueue::Insert(uint32_t activity, int32_t priority, const Entry& entry) {
  if (activity >= activities_.size()) activities_.resize(size_t{activity} + 1);
  Lanes& lanes = activities_[activity];
  auto& lane = lanes.by_urgency[-int64_t{priority}];
  lane.emplace_hint(lane.end(), entry.order, entry);
  ++lanes.runs;
  UpdateHead(activity);
}

void ReadyQueue::Erase(uint32_t activity, int32_t priority, uint64_t order) {
  Lanes& lanes = activities_[activity];
  const auto lane = lanes.by_urgency.find(-int64_t{priority});
  assert(lane != lanes.by_urgency.end());
  [[maybe_unused]] const size_t erased = lane->second.erase(order);
  assert(erased == 1);
  --lanes.runs;
  // Lane 0 stays: most workflows use no other, and it empties and fills all the time.
  if (lane->second.empty() && priority != 0) lanes.by_urgency.erase(lane);
  UpdateHead(activity);
}

void ReadyQueue::UpdateHead(uint32_t activity) {
  Lanes& lanes = activities_[activity];
  std::optional<Rank> head;
  for (const auto& [urgency, lane] : lanes.by_urgency) {
    if (lane.empty()) continue;
    head = Rank{.urgency = urgency, .order = lane.begin()->first, .activity = activity};
    break;
  }
  if (head == lanes.head) return;
  if (lanes.head.has_value()) heads_.erase(*lanes.head);
  if (head.has_value()) heads_.insert(*head);
  lanes.head = head;
}

std::optional<ReadyQueue::Entry> ReadyQueue::First(
    absl::FunctionRef<bool(uint32_t activity)> accept) const {
  for (const Rank& rank : heads_) {
    if (!accept(rank.activity)) continue;
    return activities_[rank.activity].by_urgency.find(rank.urgency)->second.begin()->second;
  }
  return std::nullopt;
}

}  // namespace stet::core
