// Names with numbers, in the order in which they were first seen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/btree_map.h>

namespace stet::core {

// Nothing is ever removed: there are no more of them than definitions have named.
class NameTable {
 public:
  // The number of `name`, new if it must be.
  uint32_t Intern(std::string_view name) {
    const auto at = numbers_.find(name);
    if (at != numbers_.end()) return at->second;
    names_.emplace_back(name);
    return numbers_.emplace(name, static_cast<uint32_t>(names_.size() - 1)).first->second;
  }
  const std::string& operator[](uint32_t number) const { return names_[number]; }

 private:
  std::vector<std::string> names_ = {};
  absl::btree_map<std::string, uint32_t, std::less<>> numbers_ = {};
};

}  // namespace stet::core
