// Tells bit rot from other damage: does one flipped bit explain it?
#pragma once

#include <cstdint>
#include <optional>

#include "wal/format.h"

namespace stet::wal {

// Offset from the start of the structure, and bit (0 is the lowest).
struct BitFlip {
  uint64_t offset = 0;
  int bit = 0;
};

// Records larger than this are not tried bit by bit unless asked: each try costs a digest of all of it.
inline constexpr uint64_t kFlipRecordBytes = 16 << 10;

// The bit that has to be flipped back so that the batch that should start at `batch[0]`, with the
// place `lsn`, has an intact header, or, if its header is intact, the right body digest.  Record
// checks tell where to look; a bad record over `record_bytes_max` is not tried.
std::optional<BitFlip> FindBitFlip(Bytes batch, uint64_t lsn,
                                   uint64_t record_bytes_max = kFlipRecordBytes,
                                   uint32_t record_align_log2 = kRecordAlignLog2);

// The same for a structure with a digest of its own, at the start of `bytes`.
std::optional<BitFlip> FindHeaderFlip(Bytes bytes);  // SegmentHeader
std::optional<BitFlip> FindSlotFlip(Bytes bytes);    // WatermarkSlot
std::optional<BitFlip> FindLogIdFlip(Bytes bytes);   // LogId

}  // namespace stet::wal
