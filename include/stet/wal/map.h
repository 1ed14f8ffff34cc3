// What each block of a log's segments holds: for tools that draw it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "stet/wal/options.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// One block of a segment, of its commit alignment (4096 bytes or more).
enum class Block : uint8_t {
  kHeader,      // a valid header copy
  kSlot,        // a valid watermark slot
  kSlotEmpty,   // a slot that was never written
  kBatch,       // the first block of a batch of the log
  kBatchRest,   // its other blocks
  kSegmentEnd,  // of the batch that ends a segment
  kZeros,       // never written
  kTorn,        // of a batch of which whole sectors are missing
  kBad,         // verifies as nothing
  kStale,       // of an older use of the file
  kMisplaced,   // an intact batch of another place
  kUnchained,   // an intact batch that does not continue the one before it
  kDetached,    // a valid batch behind a bad place
  kDead,        // behind the end that the next segment states
  kUnreadable,  // the device reports an error
  kMissing,     // the file ends before it
};
inline constexpr int kBlockKinds = static_cast<int>(Block::kMissing) + 1;

// "batch", ..., and the character that stands for it in a drawing.
std::string_view ToString(Block block);
char SymbolOf(Block block);

struct SegmentMap {
  std::string file = {};
  uint64_t segno = 0;
  std::string state = {};  // "active", "provisional", "damaged"
  uint32_t block_bytes = 0;
  std::vector<Block> blocks = {};  // from the start of the file
};

// Reads every segment to its end.  Errors: the directory cannot be listed, a file not opened.
absl::StatusOr<std::vector<SegmentMap>> MapBlocks(const Options& options);

}  // namespace stet::wal

#pragma GCC visibility pop
