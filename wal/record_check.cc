// The check of a record, with the hash of short inputs in line: most records are short, and a call
// through the dispatcher costs as much as hashing them.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "wal/batch.h"

namespace stet::wal {
namespace {

// From here on wide vectors, and so the dispatcher, are faster.
constexpr size_t kShortMax = 240;

}  // namespace

uint32_t RecordCheck(RecordHeader header, uint64_t payload_hash) {
  struct {
    RecordHeader header;
    uint64_t payload_hash;
  } hashed = {header, payload_hash};
  hashed.header.check = 0;
  return static_cast<uint32_t>(XXH3_64bits(&hashed, sizeof(hashed)));
}

uint32_t RecordCheck(const RecordHeader& header, Bytes payload) {
  const uint64_t hash =
      payload.size() <= kShortMax ? XXH3_64bits(payload.data(), payload.size()) : Hash64(payload);
  return RecordCheck(header, hash);
}

}  // namespace stet::wal
