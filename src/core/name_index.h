// From names to positions.  It is never iterated, so no order can show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

namespace stet::core {

// Open addressing over positions; the names themselves stay with the owner, who gives them through `name_at`.
class NameIndex {
 public:
  using NameAt = absl::FunctionRef<std::string_view(uint32_t)>;

  explicit NameIndex(size_t names_max = 0);

  // Adds `position`, whose name is name_at(position).  The position already there under that name, else none.
  std::optional<uint32_t> Insert(uint32_t position, NameAt name_at);

  std::optional<uint32_t> Find(std::string_view name, NameAt name_at) const;

 private:
  size_t SlotOf(std::string_view name, NameAt name_at) const;
  std::vector<uint32_t> slots_ = {};
};

}  // namespace stet::core
