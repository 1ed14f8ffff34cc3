// Memory for direct I/O.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace stet::engine {

struct FreeAligned {
  size_t alignment = 1;
  void operator()(std::byte* data) const { ::operator delete(data, std::align_val_t(alignment)); }
};

// Uninitialised bytes at a multiple of `alignment` (a power of two).
class AlignedBytes {
 public:
  AlignedBytes() = default;
  AlignedBytes(size_t size, size_t alignment)
      : data_(static_cast<std::byte*>(::operator new(size, std::align_val_t(alignment))),
              FreeAligned{alignment}),
        size_(size) {}

  std::byte* data() const { return data_.get(); }
  size_t size() const { return size_; }
  std::span<std::byte> first(size_t bytes) const { return {data_.get(), bytes}; }

 private:
  std::unique_ptr<std::byte, FreeAligned> data_;
  size_t size_ = 0;
};

}  // namespace stet::engine
