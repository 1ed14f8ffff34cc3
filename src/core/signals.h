// Signals of one execution: those that nobody has waited for yet, the tasks that wait for theirs, and the ids that were seen.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>

#include "core/ref.h"
#include "core/tombstones.h"

namespace stet::core {

// Of one execution, at a time.
inline constexpr size_t kBufferedSignalsMax = 1000;
// The newest ids of an execution are remembered; a signal that comes again later than that is a new one.
inline constexpr size_t kSignalIdsMax = 1000;

// Most executions have none of it: they have no box.
class SignalBox {
 public:
  // By name, then by the seq at which they were received.
  using Buffered = absl::btree_map<std::pair<std::string, uint64_t>, PayloadRef>;
  struct SeenId {
    KeyHash id = {};
    uint64_t seq = 0;  // of the signal that had it
    friend bool operator==(const SeenId&, const SeenId&) = default;
  };
  struct Waiting {
    uint64_t attempt = 0;  // seq of its start
    uint32_t task = 0;
  };

  const Buffered& buffered() const { return buffered_; }
  // The oldest of that name: its seq; 0 when there is none.
  uint64_t First(std::string_view name) const {
    const auto at = buffered_.lower_bound(std::pair(std::string(name), uint64_t{0}));
    return at == buffered_.end() || at->first.first != name ? 0 : at->first.second;
  }
  void Add(std::string_view name, uint64_t seq, const PayloadRef& payload) {
    buffered_.emplace(std::pair(std::string(name), seq), payload);
  }
  // It must be there.
  PayloadRef Take(std::string_view name, uint64_t seq) {
    const auto at = buffered_.find(std::pair(std::string(name), seq));
    const PayloadRef payload = at->second;
    buffered_.erase(at);
    return payload;
  }

  // Oldest first.
  const std::vector<SeenId>& ids() const { return ids_; }
  // The seq of the signal that had the id; 0 when none is remembered.
  uint64_t SeqOf(const KeyHash& id) const {
    const auto at =
        std::find_if(ids_.begin(), ids_.end(), [&id](const SeenId& seen) { return seen.id == id; });
    return at == ids_.end() ? 0 : at->seq;
  }
  // Answers which one is forgotten for it.
  std::optional<SeenId> Remember(const SeenId& seen) {
    std::optional<SeenId> forgotten;
    if (ids_.size() == kSignalIdsMax) {
      forgotten = ids_.front();
      ids_.erase(ids_.begin());
    }
    ids_.push_back(seen);
    return forgotten;
  }

  // `name` must stay valid: it stands in the definition.
  void BeginWait(std::string_view name, const Waiting& waiting) {
    waiting_.emplace(name, waiting.attempt, waiting.task);
  }
  void EndWait(std::string_view name, const Waiting& waiting) {
    waiting_.erase({name, waiting.attempt, waiting.task});
  }
  // Of the tasks that wait for `name` the one that began first.
  std::optional<Waiting> FirstWaiting(std::string_view name) const {
    const auto at = waiting_.lower_bound({name, 0, 0});
    if (at == waiting_.end() || std::get<0>(*at) != name) return std::nullopt;
    return Waiting{.attempt = std::get<1>(*at), .task = std::get<2>(*at)};
  }

  bool empty() const { return buffered_.empty() && ids_.empty() && waiting_.empty(); }
  friend bool operator==(const SignalBox& a, const SignalBox& b) {
    return a.buffered_ == b.buffered_ && a.ids_ == b.ids_ && a.waiting_ == b.waiting_;
  }

 private:
  Buffered buffered_ = {};
  std::vector<SeenId> ids_ = {};
  // Name, seq of the attempt's start, task.
  absl::btree_set<std::tuple<std::string_view, uint64_t, uint32_t>> waiting_ = {};
};

}  // namespace stet::core
