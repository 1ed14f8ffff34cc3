// The keys of executions that were purged: they stay taken for a while.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>
#include <utility>

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>

#include "stet/state.h"

namespace stet::core {

// XXH3-128 of a key.
struct KeyHash {
  uint64_t high = 0;
  uint64_t low = 0;
  friend auto operator<=>(const KeyHash&, const KeyHash&) = default;
};
KeyHash HashOfKey(std::string_view key);

struct Tombstone {
  KeyHash key = {};
  int64_t forget_at = 0;  // ns; from then on the key is free
  ExecutionState outcome = ExecutionState::kCompleted;
  friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

class Tombstones {
 public:
  // The oldest are forgotten first when there are more.
  static constexpr size_t kMax = 1'000'000;

  // Null when there is none.
  const Tombstone* Find(const KeyHash& key) const {
    const auto at = by_key_.find(key);
    return at == by_key_.end() ? nullptr : &at->second;
  }
  // The one that is forgotten first; null when there is none.
  const Tombstone* First() const {
    return by_time_.empty() ? nullptr : Find(by_time_.begin()->second);
  }
  // Its key must be new.
  void Add(const Tombstone& tombstone) {
    by_key_.emplace(tombstone.key, tombstone);
    by_time_.emplace(tombstone.forget_at, tombstone.key);
  }
  void Remove(const Tombstone& tombstone) {
    by_time_.erase({tombstone.forget_at, tombstone.key});
    by_key_.erase(KeyHash(tombstone.key));
  }
  size_t size() const { return by_key_.size(); }
  // Calls `visit` with each, in order of forget_at and key.
  template <class Visit>
  void ForEach(Visit visit) const {
    for (const auto& [forget_at, key] : by_time_) visit(by_key_.find(key)->second);
  }

  friend bool operator==(const Tombstones& a, const Tombstones& b) {
    return a.by_key_ == b.by_key_;
  }

 private:
  absl::btree_map<KeyHash, Tombstone> by_key_ = {};
  absl::btree_set<std::pair<int64_t, KeyHash>> by_time_ = {};
};

}  // namespace stet::core
