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

// A header as it stands in memory, its check aside.  In words that stay in registers: the processor waits
// where what was stored in pieces is loaded together.
struct HeaderWords {
  uint64_t size;
  uint64_t seq;
  uint64_t stream;
  uint64_t kind;
};

HeaderWords WordsOf(const RecordHeader& header) {
  static_assert(std::endian::native == std::endian::little && sizeof(HeaderWords) == 32);
  const uint64_t small =
      uint64_t{header.reserved} << 24 | uint64_t{header.flags} << 16 | header.type;
  return {.size = header.payload_bytes,
          .seq = header.seq,
          .stream = header.stream,
          .kind = uint64_t{header.schema_id} << 32 | small};
}

uint32_t CheckOf(const HeaderWords& words, uint64_t payload_hash) {
  const std::array<uint64_t, 5> hashed = {words.size, words.seq, words.stream, words.kind,
                                          payload_hash};
  return static_cast<uint32_t>(XXH3_64bits(hashed.data(), sizeof(hashed)));
}

void StoreWord(std::byte* to, uint64_t word) { std::memcpy(to, &word, sizeof(word)); }

}  // namespace

uint32_t RecordCheck(const RecordHeader& header, uint64_t payload_hash) {
  return CheckOf(WordsOf(header), payload_hash);
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
  const HeaderWords words = {.size = record.payload.size(),
                             .seq = seq,
                             .stream = record.stream,
                             .kind = uint64_t{record.schema_id} << 32 | record.type};
  std::byte* const to = out.data();
  StoreWord(to, uint64_t{CheckOf(words, payload_hash)} << 32 | words.size);
  StoreWord(to + 8, words.seq);
  StoreWord(to + 16, words.stream);
  StoreWord(to + 24, words.kind);
  if (!record.payload.empty()) {
    // What the payload does not fill of the last two words: a record ends at a multiple of them.
    static_assert(uint64_t{1} << kRecordAlignLog2 == 2 * sizeof(uint64_t));
    StoreWord(to + bytes - 16, 0);
    StoreWord(to + bytes - 8, 0);
    std::memcpy(to + kRecordHeaderBytes, record.payload.data(), record.payload.size());
  }
  return bytes;
}

}  // namespace stet::wal
