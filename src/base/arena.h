// Memory for many objects of a few sizes, taken from the system in large pieces.
//
// An object costs no header, and those that are made together lie together.  Huge pages do not pay: memory of
// which they are made has most often been given back to a hypervisor, and to get it again cost three times as
// much (sys time of a state of 0.8 GB: 2.5 s, and 0.8 s with small pages).
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <vector>

namespace stet {

// Not thread-safe.  What is given back serves the next object of its size; the system gets memory back when the
// arena goes, with all that was not given back.
class Arena final : public std::pmr::memory_resource {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // That it took from the system for pieces.
  size_t bytes() const { return bytes_; }

 private:
  // Objects are rounded up to whole lines of the cache.
  static constexpr size_t kGrain = 64;
  // What is larger is the system's own.
  static constexpr size_t kLargest = 16 << 10;
  struct Free {
    Free* next = nullptr;
  };

  void* do_allocate(size_t bytes, size_t alignment) override;
  void do_deallocate(void* memory, size_t bytes, size_t alignment) override;
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
  void AddPiece();

  std::vector<std::unique_ptr<std::byte[]>> pieces_ = {};
  std::byte* next_ = nullptr;
  size_t left_ = 0;
  size_t bytes_ = 0;
  size_t last_bytes_ = 0;                               // of the newest piece
  std::array<Free*, kLargest / kGrain + 1> free_ = {};  // by size in grains
};

}  // namespace stet
