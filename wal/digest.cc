// XXH3 by the library's dispatcher, which takes the widest vectors that the processor has.
#include "wal/digest.h"

#include <xxhash.h>

#include <fmt/format.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>
#endif

namespace stet::wal {

std::string ToString(const Digest& digest) {
  return fmt::format("{:016x}{:016x}", digest.high, digest.low);
}

std::string ToString(const BatchId& id) { return ToString(DigestOf(id)); }

Digest DigestOf(Bytes bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return Digest{.low = hash.low64, .high = hash.high64};
}

uint64_t Hash64(Bytes bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace stet::wal
