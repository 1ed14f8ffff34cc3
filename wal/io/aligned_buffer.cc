// Huge pages.
#include "wal/io/aligned_buffer.h"

#include <sys/mman.h>

namespace stet::wal {

AlignedBuffer AlignedBuffer::Huge(size_t size) {
  constexpr size_t kHugePage = 2 << 20;
  assert(size % kHugePage == 0);
  AlignedBuffer buffer(size, kHugePage);
  // A wish: where it is not granted, small pages do.
  [[maybe_unused]] const int advised = ::madvise(buffer.data(), size, MADV_HUGEPAGE);
  return buffer;
}

}  // namespace stet::wal
