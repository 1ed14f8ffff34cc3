// Ready runs, the best first: by priority, then by arrival.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/functional/function_ref.h>

#include "core/ready_lane.h"

namespace stet::core {

// Each activity has lanes of its own, one per priority.  What keeps an activity from starting keeps all
// of its runs from it: they are passed over as one, however many they are.  Runs of an execution that
// is held back are not in the queue at all.
class ReadyQueue {
 public:
  using Entry = ReadyEntry;

  void Insert(uint32_t activity, int32_t priority, const Entry& entry);
  // `order` must be in that lane.
  void Erase(uint32_t activity, int32_t priority, uint64_t order);

  // The first run of an activity that `accept` takes; it is asked once for each activity that is ahead.
  std::optional<Entry> First(absl::FunctionRef<bool(uint32_t activity)> accept) const;

  // The oldest run of each activity and priority; activities in their order.
  using Visit = absl::FunctionRef<void(uint32_t activity, int64_t priority, const Entry& oldest)>;
  void ForEachOldest(Visit visit) const;

  // How many runs of the activity wait.
  size_t count(uint32_t activity) const {
    return activity < activities_.size() ? activities_[activity].runs : 0;
  }

 private:
  // Less comes first; the default comes last, and stands for no run at all.
  struct Rank {
    int64_t urgency = std::numeric_limits<int64_t>::max();  // priority, negated
    uint64_t order = 0;
    uint32_t activity = 0;
    bool none() const { return urgency == std::numeric_limits<int64_t>::max(); }
    friend auto operator<=>(const Rank&, const Rank&) = default;
  };
  struct Lanes {
    absl::btree_map<int64_t, ReadyLane> by_urgency = {};
    size_t runs = 0;
  };
  void AddActivity(uint32_t activity);
  void UpdateHead(uint32_t activity);
  const Entry& FrontOf(const Rank& rank) const;

  std::vector<Lanes> activities_ = {};
  // A tournament of the activities' best runs: node 1 is the best of all, and node n the better one of nodes 2n
  // and 2n+1; that of activity a is node leaves_ + a.
  std::vector<Rank> nodes_ = {};
  size_t leaves_ = 0;  // a power of two
};

}  // namespace stet::core
