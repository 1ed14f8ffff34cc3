// Tells bit rot from other damage: does one flipped bit explain it?
#pragma once

#include <cstdint>
#include <optional>

#include "wal/format.h"

namespace stet::wal {

// Offset from the start of the batch, and bit (0 is the lowest).
struct BitFlip {
  uint64_t offset = 0;
  int bit = 0;
};

// The bit that has to be flipped back so that the batch that should start at `batch[0]`, with the
// place `lsn`, has an intact header, or, if its header is intact, the right body digest.  Bodies over
// 16 KiB are not tried: each bit costs a digest of the whole.
std::optional<BitFlip> FindBitFlip(Bytes batch, uint64_t lsn);

}  // namespace stet::wal
