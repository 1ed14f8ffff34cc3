// A hash map from ids (never 0) to small values.  It is never iterated, so no order can show.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace stet::core {

// Open addressing, linear probing.
template <class V>
class IdMap {
 public:
  // A default V when there is none.
  V Find(uint64_t id) const {
    if (slots_.empty()) return V{};
    for (size_t i = Start(id);; i = (i + 1) & mask()) {
      if (slots_[i].id == id) return slots_[i].value;
      if (slots_[i].id == 0) return V{};
    }
  }

  // It will be looked for soon.
  void Prefetch(uint64_t id) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[Start(id)]);
  }

  // `id` must be there.
  void Erase(uint64_t id) {
    size_t hole = Start(id);
    while (slots_[hole].id != id) hole = (hole + 1) & mask();
    // What stands behind moves up, unless that would put it before its start (Knuth 6.4, algorithm R).
    for (size_t i = (hole + 1) & mask(); slots_[i].id != 0; i = (i + 1) & mask()) {
      const size_t start = Start(slots_[i].id);
      if (((i - start) & mask()) < ((i - hole) & mask())) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = Slot{};
    --count_;
  }

  // Makes room for so many in all.
  void Reserve(size_t count) {
    if (count * 2 > slots_.size()) Resize(std::bit_ceil(count * 2));
  }

  // `id` must be new.
  void Insert(uint64_t id, V value) {
    if ((count_ + 1) * 2 > slots_.size()) Resize(slots_.empty() ? 16 : slots_.size() * 2);
    Place(id, value);
    ++count_;
  }

 private:
  struct Slot {
    uint64_t id = 0;
    V value = {};
  };
  size_t mask() const { return slots_.size() - 1; }
  // Fibonacci hashing: ids are dense sequence numbers.
  size_t Start(uint64_t id) const {
    return static_cast<size_t>((id * 0x9E3779B97F4A7C15u) >> 32) & mask();
  }
  void Place(uint64_t id, V value) {
    size_t i = Start(id);
    while (slots_[i].id != 0) i = (i + 1) & mask();
    slots_[i] = Slot{.id = id, .value = value};
  }
  void Resize(size_t slots) {
    std::vector<Slot> old(slots);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.id != 0) Place(slot.id, slot.value);
    }
  }

  std::vector<Slot> slots_ = {};
  size_t count_ = 0;
};

}  // namespace stet::core
