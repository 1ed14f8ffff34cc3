// Groups of many threads on their way to the writer, encoded.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stet/wal/record.h"
#include "wal/io/aligned_buffer.h"

namespace stet::wal {

// Groups, one behind the other, as they will stand in batches.  Not thread-safe.
class Staging {
 public:
  // Some groups that follow one another; a batch takes all of them.
  struct Chunk {
    uint64_t offset = 0;
    uint64_t bytes = 0;
    uint32_t records = 0;
    uint32_t groups = 0;
    uint64_t payload_bytes = 0;
    uint64_t state_digest = 0;
  };

  explicit Staging(uint64_t bytes_max) : buffer_(bytes_max, 64) {}

  bool empty() const { return used_ == 0; }
  uint64_t used() const { return used_; }
  bool Fits(uint64_t bytes) const { return used_ + bytes <= buffer_.size(); }

  // Makes room for one group larger than all of it.  Only while empty.
  void Grow(uint64_t bytes);

  // `hashes` are those of the payloads.  The group must fit.
  void Add(std::span<const NewRecord> group, std::span<const uint64_t> hashes, uint64_t first_seq,
           uint64_t state_digest);

  const std::vector<Chunk>& chunks() const { return chunks_; }
  Bytes BytesOf(const Chunk& chunk) const {
    return buffer_.span().subspan(chunk.offset, chunk.bytes);
  }

  void Clear();

 private:
  AlignedBuffer buffer_;
  uint64_t used_ = 0;
  std::vector<Chunk> chunks_;
};

}  // namespace stet::wal
