// Groups of many threads on their way to the writer.
#include "wal/staging.h"

#include <cassert>

#include "wal/batch.h"

namespace stet::wal {
namespace {

// Small, so that a chunk fits what is left of a batch or a segment as well as its groups would.
constexpr uint64_t kChunkBytes = 4096;

}  // namespace

void Staging::Grow(uint64_t bytes) {
  assert(empty());
  buffer_ = AlignedBuffer(bytes, 64);
}

void Staging::Add(std::span<const NewRecord> group, std::span<const uint64_t> hashes,
                  uint64_t first_seq, uint64_t state_digest) {
  const uint64_t begin = used_;
  uint64_t payload_bytes = 0;
  for (size_t i = 0; i < group.size(); ++i) {
    used_ += PutRecord(group[i], first_seq + i, hashes[i], buffer_.span().subspan(used_));
    payload_bytes += group[i].payload.size();
  }
  if (chunks_.empty() || chunks_.back().bytes + used_ - begin > kChunkBytes) {
    chunks_.push_back({.offset = begin});
  }
  Chunk& chunk = chunks_.back();
  chunk.bytes += used_ - begin;
  chunk.records += static_cast<uint32_t>(group.size());
  chunk.groups += 1;
  chunk.payload_bytes += payload_bytes;
  chunk.state_digest = state_digest;
}

void Staging::Clear() {
  used_ = 0;
  chunks_.clear();
}

}  // namespace stet::wal
