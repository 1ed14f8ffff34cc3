// XXH3 as the log's format uses it: unseeded, 128 bits where it is an identity.
#pragma once

#include <cstdint>
#include <string>

#include <stet/wal/record.h>

namespace stet::wal {

// 128 bits, low half first on disk.
struct Digest {
  uint64_t low = 0;
  uint64_t high = 0;

  bool operator==(const Digest&) const = default;
};
std::string ToString(const Digest& digest);  // 32 hex digits, high half first

// A batch's digest is its public identity, and back.
constexpr BatchId IdOf(const Digest& digest) { return {.low = digest.low, .high = digest.high}; }
constexpr Digest DigestOf(const BatchId& id) { return {.low = id.low, .high = id.high}; }

Digest DigestOf(Bytes bytes);
uint64_t Hash64(Bytes bytes);

}  // namespace stet::wal
