// Memory in large pieces.
#include "base/arena.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

namespace stet {
namespace {

// Filled with a byte of its own for as long as it is taken.
struct Object {
  std::span<std::byte> bytes = {};
  std::byte mark = {};

  bool whole() const {
    return std::all_of(bytes.begin(), bytes.end(), [this](std::byte b) { return b == mark; });
  }
};

class Objects {
 public:
  ~Objects() {
    while (!objects_.empty()) GiveBack(objects_.size() - 1);
  }

  void Take(size_t bytes) {
    Object object = {
        .bytes = {static_cast<std::byte*>(arena_.allocate(bytes, alignof(std::max_align_t))),
                  bytes},
        .mark = static_cast<std::byte>(++marks_)};
    CHECK_EQ(reinterpret_cast<uintptr_t>(object.bytes.data()) % alignof(std::max_align_t), 0);
    std::fill(object.bytes.begin(), object.bytes.end(), object.mark);
    objects_.push_back(object);
  }

  void GiveBack(size_t i) {
    const Object object = objects_[i];
    CHECK(object.whole());
    objects_[i] = objects_.back();
    objects_.pop_back();
    arena_.deallocate(object.bytes.data(), object.bytes.size(), alignof(std::max_align_t));
  }

  size_t size() const { return objects_.size(); }
  const Arena& arena() const { return arena_; }

 private:
  Arena arena_;
  std::vector<Object> objects_;
  unsigned marks_ = 0;
};

TEST_SUITE("base::Arena") {
  TEST_CASE("what an arena gives belongs to one object at a time, small or large") {
    Objects objects;
    uint64_t random = 1;
    for (int step = 0; step < 20'000; ++step) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      const auto drawn = static_cast<size_t>(random >> 40);
      if (objects.size() > 0 && drawn % 3 == 0) {
        objects.GiveBack(drawn % objects.size());
      } else {
        objects.Take(1 + (drawn % 50 == 1 ? drawn % 40'000 : drawn % 900));
      }
    }
  }

  TEST_CASE("what was given back serves the next one of its size, so that an arena does not grow") {
    Objects objects;
    size_t most = 0;
    for (int round = 0; round < 50; ++round) {
      while (objects.size() < 5'000) objects.Take(400);
      if (round == 0) most = objects.arena().bytes();
      CHECK_EQ(objects.arena().bytes(), most);
      while (objects.size() > 100) objects.GiveBack(objects.size() / 2);
    }
  }
}

}  // namespace
}  // namespace stet
