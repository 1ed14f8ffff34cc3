// Lanes for gates, given and taken back.
#include "core/gated_queue.h"

namespace stet::core {

uint32_t GatedQueue::EnterGated(const StartGate& gate) {
  const auto [at, is_new] = lanes_.try_emplace(NameOf(gate));
  if (is_new && free_.empty()) {
    at->second = static_cast<uint32_t>(2 * gated_.size() + 1);
    gated_.emplace_back();
  } else if (is_new) {
    at->second = free_.back();
    free_.pop_back();
  }
  Gated& gated = gated_[at->second / 2];
  gated.gate = gate;
  ++gated.runs;
  if (gate.activity >= gated_runs_.size()) gated_runs_.resize(size_t{gate.activity} + 1, 0);
  ++gated_runs_[gate.activity];
  return at->second;
}

void GatedQueue::Leave(uint32_t lane) {
  Gated& gated = gated_[lane / 2];
  --gated_runs_[gated.gate.activity];
  if (--gated.runs > 0) return;
  lanes_.erase(NameOf(gated.gate));
  free_.push_back(lane);
}

std::optional<GatedQueue::Entry> GatedQueue::First(
    absl::FunctionRef<bool(const StartGate& gate)> accept) const {
  return queue_.First([&](uint32_t lane) { return accept(GateAt(lane)); });
}

std::optional<GatedQueue::Entry> GatedQueue::Highest(
    absl::FunctionRef<int64_t(const Entry& entry, int64_t priority)> rank,
    absl::FunctionRef<bool(const StartGate& gate)> accept) const {
  std::optional<Entry> best;
  int64_t best_rank = 0;
  uint32_t asked = UINT32_MAX;
  bool accepted = false;
  queue_.ForEachOldest([&](uint32_t lane, int64_t priority, const Entry& entry) {
    const int64_t entry_rank = rank(entry, priority);
    const bool ahead =
        !best || entry_rank > best_rank || (entry_rank == best_rank && entry.order < best->order);
    if (!ahead) return;
    // Once for each gate, however many priorities it has.
    if (lane != asked) accepted = accept(GateAt(lane));
    asked = lane;
    if (!accepted) return;
    best = entry;
    best_rank = entry_rank;
  });
  return best;
}

}  // namespace stet::core
