// From names to positions, by hashing.
#include "core/name_index.h"

#include <xxhash.h>

#include <bit>

namespace stet::core {
namespace {

constexpr uint32_t kEmpty = UINT32_MAX;

}  // namespace

NameIndex::NameIndex(size_t names_max) : slots_(std::bit_ceil(names_max * 2 + 1), kEmpty) {}

// Where `name` stands, or the free slot where it would.
size_t NameIndex::SlotOf(std::string_view name, NameAt name_at) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = static_cast<size_t>(XXH3_64bits(name.data(), name.size())) & mask;
  while (slots_[slot] != kEmpty && name_at(slots_[slot]) != name) slot = (slot + 1) & mask;
  return slot;
}

std::optional<uint32_t> NameIndex::Insert(uint32_t position, NameAt name_at) {
  const size_t slot = SlotOf(name_at(position), name_at);
  if (slots_[slot] != kEmpty) return slots_[slot];
  slots_[slot] = position;
  return std::nullopt;
}

std::optional<uint32_t> NameIndex::Find(std::string_view name, NameAt name_at) const {
  const uint32_t position = slots_[SlotOf(name, name_at)];
  if (position == kEmpty) return std::nullopt;
  return position;
}

}  // namespace stet::core
