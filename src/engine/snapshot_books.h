// Books into a snapshot file and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/books.h"
#include "engine/pace.h"
#include "engine/snapshot_file.h"

namespace stet::engine {

// Kinds of chunks below it are parts of the state.
inline constexpr uint16_t kPayloadChunk = 0x100;

// By `pace` both of what follows may be slowed down, and given up.
//
// Writes `books`, which are those behind `head.anchor`, into the new file `path`, makes it durable and
// reads it back from the disk.  Returns its size.
// Errors: those of the file; DataLoss when what was read back is not what was written; Cancelled.
absl::StatusOr<uint64_t> WriteBooks(const Books& books, const SnapshotHead& head,
                                    wal::Storage& storage, const std::string& path,
                                    const Pace& pace);

// The books in `path`, every byte verified, and the state's digest recomputed.  `ahead`: so many parts are
// read and verified on another thread while others are decoded; 0: all on this one.
// Errors: DataLoss naming the file and what is wrong; Unimplemented for what a newer build wrote; those
// of the file; Cancelled.
absl::StatusOr<Books> ReadBooks(wal::Storage& storage, const std::string& path, const Pace& pace,
                                size_t ahead = 0);

}  // namespace stet::engine
