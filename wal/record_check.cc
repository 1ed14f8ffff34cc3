// Records and their checks, with the hash of short inputs in line: most records are short, and a
// call through the dispatcher costs as much as hashing them.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <bit>
#include <cassert>
#include <cstring>

#include "wal/batch.h"

namespace stet::wal {
namespace {

// From here on wide vectors, and so the dispatcher, are faster.
constexpr size_t kShortMax = 240;

// A header as it stands in memory.
using HeaderWords = std::array<uint64_t, sizeof(RecordHeader) / sizeof(uint64_t)>;

// In whole words: the processor waits where what was stored in pieces is loaded together.
HeaderWords WordsOf(const RecordHeader& header, uint32_t check) {
  static_assert(std::endian::native == std::endian::little);
  const uint64_t small =
      uint64_t{header.reserved} << 24 | uint64_t{header.flags} << 16 | header.type;
  return {uint64_t{check} << 32 | header.payload_bytes, header.seq, header.stream,
          uint64_t{header.schema_id} << 32 | small};
}

}  // namespace

uint32_t RecordCheck(const RecordHeader& header, uint64_t payload_hash) {
  const HeaderWords words = WordsOf(header, 0);
  const std::array<uint64_t, 5> hashed = {words[0], words[1], words[2], words[3], payload_hash};
  return static_cast<uint32_t>(XXH3_64bits(hashed.data(), sizeof(hashed)));
}

uint64_t PayloadHash(Bytes payload) {
  return payload.size() <= kShortMax ? XXH3_64bits(payload.data(), payload.size())
                                     : Hash64(payload);
}

uint32_t RecordCheck(const RecordHeader& header, Bytes payload) {
  return RecordCheck(header, PayloadHash(payload));
}

uint64_t PutRecord(const NewRecord& record, uint64_t seq, uint64_t payload_hash,
                   std::span<std::byte> out) {
  const uint64_t bytes = RecordBytes(record.payload.size(), kRecordAlignLog2);
  assert(bytes <= out.size() && record.payload.size() <= kPayloadBytesMax);
  const RecordHeader header = {.payload_bytes = static_cast<uint32_t>(record.payload.size()),
                               .seq = seq,
                               .stream = record.stream,
                               .type = record.type,
                               .schema_id = record.schema_id};
  const HeaderWords words = WordsOf(header, RecordCheck(header, payload_hash));
  std::memcpy(out.data(), words.data(), sizeof(words));
  if (!record.payload.empty()) {
    std::memcpy(out.data() + sizeof(words), record.payload.data(), record.payload.size());
  }
  const uint64_t content = sizeof(words) + record.payload.size();
  std::memset(out.data() + content, 0, bytes - content);
  return bytes;
}

}  // namespace stet::wal
