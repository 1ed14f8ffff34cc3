// Ready runs behind gates: what may only start together waits together.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/functional/function_ref.h>

#include "core/execution.h"
#include "core/ready_queue.h"

namespace stet::core {

// What lets runs start or not, all of them alike.
struct StartGate {
  uint32_t activity = 0;
  uint32_t breaker = kNoBreaker;  // that they share with other activities
  const KeyEntry* key = nullptr;  // that they have to take first
  friend bool operator==(const StartGate&, const StartGate&) = default;
};

// A ready queue whose lanes are gates: however many runs wait behind one, they are passed over as one.
class GatedQueue {
 public:
  using Entry = ReadyQueue::Entry;

  void Insert(const StartGate& gate, int32_t priority, const Entry& entry) {
    queue_.Insert(Enter(gate), priority, entry);
  }
  // `order` must wait behind that gate.
  void Erase(const StartGate& gate, int32_t priority, uint64_t order) {
    const uint32_t lane = LaneOf(gate);
    queue_.Erase(lane, priority, order);
    if (lane % 2 != 0) Leave(lane);
  }

  // How many runs of the activity wait, behind whatever gates.
  size_t count(uint32_t activity) const {
    const size_t gated = activity < gated_runs_.size() ? gated_runs_[activity] : 0;
    return queue_.count(2 * activity) + gated;
  }

  // The first run behind a gate that `accept` takes; it is asked once for each gate that is ahead.
  std::optional<Entry> First(absl::FunctionRef<bool(const StartGate& gate)> accept) const;

  // The same, but by `rank`, the highest first, then first come; it must not put a younger run of the same gate and
  // priority before an older one.  Costs more: it looks at each gate and priority.
  std::optional<Entry> Highest(
      absl::FunctionRef<int64_t(const Entry& entry, int64_t priority)> rank,
      absl::FunctionRef<bool(const StartGate& gate)> accept) const;

 private:
  // Activity, breaker, serial of the key.
  using Name = std::tuple<uint32_t, uint32_t, uint64_t>;
  struct Gated {
    StartGate gate = {};
    uint32_t runs = 0;
  };

  static bool IsPlain(const StartGate& gate) {
    return gate.key == nullptr && gate.breaker == kNoBreaker;
  }
  static Name NameOf(const StartGate& gate) {
    return {gate.activity, gate.breaker, gate.key == nullptr ? 0 : gate.key->serial};
  }
  // A gate that is an activity and nothing else has the lane 2 * activity, others have odd ones while any run
  // waits behind them: there may be a key per customer.
  uint32_t LaneOf(const StartGate& gate) const {
    return IsPlain(gate) ? 2 * gate.activity : lanes_.find(NameOf(gate))->second;
  }
  uint32_t Enter(const StartGate& gate) {
    return IsPlain(gate) ? 2 * gate.activity : EnterGated(gate);
  }
  uint32_t EnterGated(const StartGate& gate);
  void Leave(uint32_t lane);
  StartGate GateAt(uint32_t lane) const {
    return lane % 2 != 0 ? gated_[lane / 2].gate : StartGate{.activity = lane / 2};
  }

  ReadyQueue queue_ = {};
  absl::btree_map<Name, uint32_t> lanes_ = {};
  std::vector<Gated> gated_ = {};        // by lane / 2
  std::vector<uint32_t> free_ = {};      // lanes that nobody waits in
  std::vector<size_t> gated_runs_ = {};  // by activity
};

}  // namespace stet::core
