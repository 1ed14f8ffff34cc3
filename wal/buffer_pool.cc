// Buffers taken and given back; the last given first, for its pages are the warmest.
#include "wal/buffer_pool.h"

#include <algorithm>
#include <utility>

#include "wal/format.h"

namespace stet::wal {
namespace {

// As much as may be locked by default.
constexpr uint64_t kRegionBytes = 8 << 20;

AlignedBuffer TakeLast(std::vector<AlignedBuffer>* buffers) {
  AlignedBuffer buffer = std::move(buffers->back());
  buffers->pop_back();
  return buffer;
}

}  // namespace

AlignedBuffer BufferPool::Take(uint64_t bytes_min, size_t align) {
  if (!pieces_.empty() && pieces_.back().size() >= bytes_min) return TakeLast(&pieces_);
  if (!spares_.empty() && spares_.back().size() >= bytes_min) return TakeLast(&spares_);
  return AlignedBuffer(std::max(bytes_min, usual_bytes_), align);
}

void BufferPool::Give(AlignedBuffer buffer) {
  if (InRegion(buffer)) {
    pieces_.push_back(std::move(buffer));
    return;
  }
  // Those of a group beyond the usual size go: few need them, and they are large.
  const bool usual =
      buffer.size() >= usual_bytes_ && buffer.size() <= AlignUp(usual_bytes_, kCommitAlignMax);
  if (usual && spares_.size() < spare_max_) spares_.push_back(std::move(buffer));
}

void BufferPool::MakeRegion(Queue* queue) {
  const uint64_t piece = AlignUp(usual_bytes_, kCommitAlignMax);
  const size_t count = kRegionBytes / piece;
  if (has_region() || count == 0) return;
  region_ = AlignedBuffer::Huge(kRegionBytes);
  for (size_t i = count; i > 0; --i) {
    pieces_.push_back(AlignedBuffer::Borrow(region_.span().subspan((i - 1) * piece, piece)));
  }
  const std::span<std::byte> whole = region_.span();
  queue->RegisterBuffers({&whole, 1});
}

bool BufferPool::InRegion(const AlignedBuffer& buffer) const {
  return buffer.data() >= region_.data() && buffer.data() < region_.data() + region_.size();
}

}  // namespace stet::wal
