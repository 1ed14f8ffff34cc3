// Memory for direct I/O.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>

namespace stet::wal {

// Owns `size` bytes at an address that is a multiple of `align` (a power of two).  Not cleared: the
// pages of a buffer that is never filled to its end are never touched.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  AlignedBuffer(size_t size, size_t align)
      : bytes_(
            static_cast<std::byte*>(std::aligned_alloc(align, (size + align - 1) / align * align)),
            Free{.borrowed = false}),
        size_(size) {
    assert(bytes_ != nullptr);
  }

  // Of huge pages where the system has them to give, else of small ones; `size` is a multiple of
  // 2 MiB.
  static AlignedBuffer Huge(size_t size);

  // Bytes that somebody else owns, and keeps for longer.
  static AlignedBuffer Borrow(std::span<std::byte> bytes) {
    AlignedBuffer buffer;
    buffer.bytes_ = {bytes.data(), Free{.borrowed = true}};
    buffer.size_ = bytes.size();
    return buffer;
  }

  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  std::span<std::byte> span() { return {bytes_.get(), size_}; }
  std::span<const std::byte> span() const { return {bytes_.get(), size_}; }

 private:
  struct Free {
    // No initialiser here: the class around it is not complete yet.  A default deleter has false.
    bool borrowed;
    void operator()(std::byte* bytes) const {
      if (!borrowed) std::free(bytes);
    }
  };
  std::unique_ptr<std::byte, Free> bytes_;
  size_t size_ = 0;
};

}  // namespace stet::wal
