// Ready runs, the best first: by priority, then by arrival.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/functional/function_ref.h>

#include "core/execution.h"

namespace stet::core {

// Each activity has lanes of its own, one per priority.  What keeps an activity from starting keeps all
// of its runs from it: they are passed over as one, however many they are.  Runs of an execution that
// is held back are not in the queue at all.
class ReadyQueue {
 public:
  struct Entry {
    const Execution* execution = nullptr;
    uint32_t task = 0;
    uint64_t order = 0;  // unique, ascending
  };

  void Insert(uint32_t activity, int32_t priority, const Entry& entry);
  // `order` must be in that lane.
  void Erase(uint32_t activity, int32_t priority, uint64_t order);

  // The first run of an activity that `accept` takes; it is asked once for each activity that is ahead.
  std::optional<Entry> First(absl::FunctionRef<bool(uint32_t activity)> accept) const;

  // How many runs of the activity wait.
  size_t count(uint32_t activity) const {
    return activity < activities_.size() ? activities_[activity].runs : 0;
  }

 private:
  // Less comes first.
  struct Rank {
    int64_t urgency = 0;  // priority, negated
    uint64_t order = 0;
    uint32_t activity = 0;
    friend auto operator<=>(const Rank&, const Rank&) = default;
  };
  struct Lanes {
    absl::btree_map<int64_t, absl::btree_map<uint64_t, Entry>> by_urgency = {};
    std::optional<Rank> head = std::nullopt;  // as it stands in heads_
    size_t runs = 0;
  };
  void UpdateHead(uint32_t activity);

  std::vector<Lanes> activities_ = {};
  absl::btree_set<Rank> heads_ = {};  // the best run of each activity that has any
};

}  // namespace stet::core
