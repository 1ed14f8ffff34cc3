// Pieces, and lists of what was given back.
#include "base/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <new>

namespace stet {
namespace {

// Pieces double, so that a small state stays small.
constexpr size_t kFirstPiece = 16 << 10;  // not smaller than the largest object
constexpr size_t kLastPiece = 1 << 20;

// Memory errors are to be found by those who look for them.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kEachItsOwn = true;
#elif defined(__has_feature)
constexpr bool kEachItsOwn = __has_feature(address_sanitizer);
#else
constexpr bool kEachItsOwn = false;
#endif

// All pages at once: a state that is large needs them soon, and one fault for each costs about as much as to clear it.
void Populate(std::byte* begin, size_t bytes) {
#if defined(MADV_POPULATE_WRITE)
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<uintptr_t>(begin);
  const uintptr_t first = (address + page - 1) / page * page;
  const uintptr_t end = (address + bytes) / page * page;
  // Where the kernel cannot (before 5.14), they come one by one.
  if (end > first)
    (void)::madvise(reinterpret_cast<void*>(first), end - first, MADV_POPULATE_WRITE);
#endif
}

}  // namespace

void* Arena::do_allocate(size_t bytes, size_t alignment) {
  if (kEachItsOwn || bytes > kLargest || alignment > kGrain) {
    return ::operator new(bytes, std::align_val_t(std::max(alignment, kGrain)));
  }
  const size_t grains = (bytes + kGrain - 1) / kGrain;
  if (Free* const first = free_[grains]) {
    free_[grains] = first->next;
    return first;
  }
  const size_t rounded = grains * kGrain;
  if (left_ < rounded) AddPiece();
  void* const memory = next_;
  next_ += rounded;
  left_ -= rounded;
  return memory;
}

void Arena::do_deallocate(void* memory, size_t bytes, size_t alignment) {
  if (kEachItsOwn || bytes > kLargest || alignment > kGrain) {
    return ::operator delete(memory, std::align_val_t(std::max(alignment, kGrain)));
  }
  Free*& first = free_[(bytes + kGrain - 1) / kGrain];
  first = new (memory) Free{.next = first};
}

// What is left of the piece before is given up: less than one object.
void Arena::AddPiece() {
  last_bytes_ = std::min(std::max(last_bytes_ * 2, kFirstPiece), kLastPiece);
  // Not filled.
  pieces_.push_back(std::unique_ptr<std::byte[]>(new std::byte[last_bytes_ + kGrain]));
  bytes_ += last_bytes_;
  std::byte* const data = pieces_.back().get();
  if (last_bytes_ == kLastPiece) Populate(data, last_bytes_);
  next_ = data + (kGrain - reinterpret_cast<uintptr_t>(data) % kGrain) % kGrain;
  left_ = last_bytes_;
}

}  // namespace stet
