// Concurrency keys that live executions name, and which runs hold them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>

#include "core/ref.h"

namespace stet::core {

struct KeyEntry {
  std::string name = {};
  uint64_t serial = 0;                   // unique in the process; no two entries have the same
  uint32_t users = 0;                    // places in executions that name it
  absl::btree_set<RunRef> holders = {};  // at most one, once all that happens goes by the rules
};

// Derived from the rest of the state: nothing of it is stored.  Entries stay where they are.
class KeyTable {
 public:
  KeyEntry* Use(std::string_view name) {
    const auto [at, is_new] = entries_.try_emplace(std::string(name));
    if (is_new) {
      at->second = std::make_unique<KeyEntry>();
      at->second->name = name;
      at->second->serial = ++serials_;
    }
    ++at->second->users;
    return at->second.get();
  }
  void Release(KeyEntry* entry) {
    if (--entry->users == 0) entries_.erase(entry->name);
  }

  const absl::btree_map<std::string, std::unique_ptr<KeyEntry>, std::less<>>& entries() const {
    return entries_;
  }

 private:
  absl::btree_map<std::string, std::unique_ptr<KeyEntry>, std::less<>> entries_ = {};
  uint64_t serials_ = 0;
};

}  // namespace stet::core
