// From the keys of executions to the executions.  It is never iterated, so no order can show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace stet::core {

struct Execution;

// Open addressing, linear probing.  The keys themselves stand in the executions, which must stay where they
// are; a hash beside each pointer spares looking there but for the one that is found.
class KeyIndex {
 public:
  // Null when there is none.
  Execution* Find(std::string_view key) const;

  // False, and nothing is done, when another one has its key.
  bool Insert(Execution& execution);

  // It must be there.
  void Erase(const Execution& execution);

  // Makes room for so many in all.
  void Reserve(size_t count);

 private:
  struct Slot {
    uint64_t hash = 0;
    Execution* execution = nullptr;  // null: free
  };
  size_t mask() const { return slots_.size() - 1; }
  // Where it stands, or the free slot where it would.
  size_t PlaceOf(uint64_t hash, std::string_view key) const;
  void Resize(size_t slots);

  std::vector<Slot> slots_ = {};
  size_t count_ = 0;
};

}  // namespace stet::core
