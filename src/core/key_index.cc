// Keys by their hashes.
#include "core/key_index.h"

#include <xxhash.h>

#include <bit>
#include <cassert>

#include "core/execution.h"

namespace stet::core {
namespace {

constexpr size_t kSlotsMin = 16;

uint64_t HashOf(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

}  // namespace

size_t KeyIndex::PlaceOf(uint64_t hash, std::string_view key) const {
  size_t i = hash & mask();
  while (slots_[i].execution != nullptr &&
         (slots_[i].hash != hash || slots_[i].execution->key != key)) {
    i = (i + 1) & mask();
  }
  return i;
}

Execution* KeyIndex::Find(std::string_view key) const {
  return slots_.empty() ? nullptr : slots_[PlaceOf(HashOf(key), key)].execution;
}

bool KeyIndex::Insert(Execution& execution) {
  if ((count_ + 1) * 2 > slots_.size()) Resize(slots_.size() * 2);
  const uint64_t hash = HashOf(execution.key);
  Slot& slot = slots_[PlaceOf(hash, execution.key)];
  if (slot.execution != nullptr) return false;
  slot = {.hash = hash, .execution = &execution};
  ++count_;
  return true;
}

void KeyIndex::Erase(const Execution& execution) {
  size_t hole = PlaceOf(HashOf(execution.key), execution.key);
  assert(slots_[hole].execution == &execution);
  // What stands behind moves up, unless that would put it before its start (Knuth 6.4, algorithm R).
  for (size_t i = (hole + 1) & mask(); slots_[i].execution != nullptr; i = (i + 1) & mask()) {
    if (((i - slots_[i].hash) & mask()) < ((i - hole) & mask())) continue;
    slots_[hole] = slots_[i];
    hole = i;
  }
  slots_[hole] = Slot{};
  --count_;
}

void KeyIndex::Reserve(size_t count) {
  if (count * 2 > slots_.size()) Resize(std::bit_ceil(count * 2));
}

void KeyIndex::Resize(size_t slots) {
  std::vector<Slot> old(slots < kSlotsMin ? kSlotsMin : slots);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.execution == nullptr) continue;
    size_t i = slot.hash & mask();
    while (slots_[i].execution != nullptr) i = (i + 1) & mask();
    slots_[i] = slot;
  }
}

}  // namespace stet::core
