// Lanes of ready runs, and the tournament of their activities.
#include "core/ready_queue.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace stet::core {

void ReadyQueue::Insert(uint32_t activity, int32_t priority, const Entry& entry) {
  if (activity >= activities_.size()) AddActivity(activity);
  Lanes& lanes = activities_[activity];
  lanes.by_urgency[-int64_t{priority}].Insert(entry);
  ++lanes.runs;
  UpdateHead(activity);
}

void ReadyQueue::Erase(uint32_t activity, int32_t priority, uint64_t order) {
  Lanes& lanes = activities_[activity];
  const auto lane = lanes.by_urgency.find(-int64_t{priority});
  assert(lane != lanes.by_urgency.end());
  lane->second.Erase(order);
  --lanes.runs;
  // Lane 0 stays: most workflows use no other, and it empties and fills all the time.
  if (lane->second.empty() && priority != 0) lanes.by_urgency.erase(lane);
  UpdateHead(activity);
}

void ReadyQueue::AddActivity(uint32_t activity) {
  activities_.resize(size_t{activity} + 1);
  if (activity < leaves_) return;
  const std::vector<Rank> old(nodes_.begin() + static_cast<ptrdiff_t>(leaves_), nodes_.end());
  leaves_ = std::bit_ceil(activities_.size());
  nodes_.assign(2 * leaves_, Rank{});
  std::copy(old.begin(), old.end(), nodes_.begin() + static_cast<ptrdiff_t>(leaves_));
  for (size_t node = leaves_ - 1; node > 0; --node) {
    nodes_[node] = std::min(nodes_[2 * node], nodes_[2 * node + 1]);
  }
}

void ReadyQueue::UpdateHead(uint32_t activity) {
  Rank head;
  for (const auto& [urgency, lane] : activities_[activity].by_urgency) {
    if (lane.empty()) continue;
    head = {.urgency = urgency, .order = lane.front().order, .activity = activity};
    break;
  }
  size_t node = leaves_ + activity;
  nodes_[node] = head;
  while (node > 1) {
    node /= 2;
    const Rank& best = std::min(nodes_[2 * node], nodes_[2 * node + 1]);
    if (nodes_[node] == best) return;
    nodes_[node] = best;
  }
}

const ReadyQueue::Entry& ReadyQueue::FrontOf(const Rank& rank) const {
  return activities_[rank.activity].by_urgency.find(rank.urgency)->second.front();
}

std::optional<ReadyQueue::Entry> ReadyQueue::First(
    absl::FunctionRef<bool(uint32_t activity)> accept) const {
  if (leaves_ == 0 || nodes_[1].none()) return std::nullopt;
  const uint32_t best = nodes_[1].activity;
  if (accept(best)) return FrontOf(nodes_[1]);
  // The others in their order: whoever leaves the heap is the best of those that are left.
  const auto after = [this](size_t a, size_t b) { return nodes_[b] < nodes_[a]; };
  std::vector<size_t> heap = {1};
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), after);
    const size_t node = heap.back();
    heap.pop_back();
    if (node >= leaves_) {
      const uint32_t activity = nodes_[node].activity;
      if (activity != best && accept(activity)) return FrontOf(nodes_[node]);
      continue;
    }
    for (const size_t child : {2 * node, 2 * node + 1}) {
      if (nodes_[child].none()) continue;
      heap.push_back(child);
      std::push_heap(heap.begin(), heap.end(), after);
    }
  }
  return std::nullopt;
}

void ReadyQueue::ForEachOldest(Visit visit) const {
  for (uint32_t activity = 0; activity < activities_.size(); ++activity) {
    for (const auto& [urgency, lane] : activities_[activity].by_urgency) {
      if (!lane.empty()) visit(activity, -urgency, lane.front());
    }
  }
}

}  // namespace stet::core
