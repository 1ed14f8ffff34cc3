// The activities that definitions name, numbered in the order in which they were first seen.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/btree_map.h>

namespace stet::core {

struct ActivityEntry {
  std::string name = {};
  bool paused = false;   // no attempt is started
  uint32_t running = 0;  // attempts
};

// Nothing is ever removed: there are no more of them than definitions and pauses have named.
class ActivityTable {
 public:
  // The number of `name`, new if it must be.
  uint32_t Intern(std::string_view name) {
    const auto [at, is_new] =
        numbers_.try_emplace(std::string(name), static_cast<uint32_t>(entries_.size()));
    if (is_new) entries_.push_back({.name = std::string(name)});
    return at->second;
  }
  // Null when no definition names it and no pause did.
  const ActivityEntry* Find(std::string_view name) const {
    const auto at = numbers_.find(name);
    return at == numbers_.end() ? nullptr : &entries_[at->second];
  }

  // Whether any attempt runs, waits among them.
  bool any_running() const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [](const ActivityEntry& entry) { return entry.running > 0; });
  }

  std::optional<uint32_t> NumberOf(std::string_view name) const {
    const auto at = numbers_.find(name);
    if (at == numbers_.end()) return std::nullopt;
    return at->second;
  }

  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  const ActivityEntry& operator[](uint32_t number) const { return entries_[number]; }
  ActivityEntry& operator[](uint32_t number) { return entries_[number]; }

  // By name, ascending: the numbers differ between a state that replayed and one from a snapshot.
  const absl::btree_map<std::string, uint32_t, std::less<>>& by_name() const { return numbers_; }

 private:
  std::vector<ActivityEntry> entries_ = {};
  absl::btree_map<std::string, uint32_t, std::less<>> numbers_ = {};
};

}  // namespace stet::core
