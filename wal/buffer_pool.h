// The memory of a writer's batches, used over and over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stet/wal/storage.h"
#include "wal/io/aligned_buffer.h"

namespace stet::wal {

// Most buffers have one size, the usual one; a large group gets one of its own.  A log that writes
// much takes them from a region: its huge pages go to the disk as one piece each, not as hundreds
// that need several requests, and the queue, told of it once, does not pin them for every write.
//
// Buffers of the region must be given back or destroyed before the pool is.
class BufferPool {
 public:
  // Keeps up to `spare_max` usual buffers that nobody uses.
  BufferPool(uint64_t usual_bytes, size_t spare_max)
      : usual_bytes_(usual_bytes), spare_max_(spare_max) {}

  // At least `bytes_min`, at a multiple of `align`.
  AlignedBuffer Take(uint64_t bytes_min, size_t align);
  void Give(AlignedBuffer buffer);

  // Makes the region, unless usual buffers are too large for it; what is in use stays as it is.
  // Once.  `queue` must not outlive the pool.
  void MakeRegion(Queue* queue);
  bool has_region() const { return region_.size() > 0; }

 private:
  bool InRegion(const AlignedBuffer& buffer) const;

  const uint64_t usual_bytes_;
  const size_t spare_max_;
  AlignedBuffer region_;
  std::vector<AlignedBuffer> pieces_;  // of the region, that nobody uses
  std::vector<AlignedBuffer> spares_;
};

}  // namespace stet::wal
