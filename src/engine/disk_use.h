// What a directory takes of the disk.
#pragma once

#include <cstdint>
#include <optional>

#include "stet/engine.h"

namespace stet::engine {

// In bytes, as the file system counts them: what is allocated, spare segments among it.
struct DiskUse {
  uint64_t log = 0;
  uint64_t snapshots = 0;
  uint64_t archive = 0;  // of retired segments, wherever they were moved to
};

// Asks the file system for every file, so not on the loop's thread.  What goes away meanwhile counts for
// nothing.  Nothing for an engine without files, or one whose storage is not the machine's.
std::optional<DiskUse> DiskUseOf(const EngineOptions& options);

}  // namespace stet::engine
