// From the log to the state that it tells.
#pragma once

#include <cstdint>
#include <span>

#include <absl/status/status.h>

#include "engine/ledger.h"
#include "stet/wal/reader.h"

namespace stet::engine {

// The version of the digests in batch headers.
inline constexpr uint32_t kStateDigestVersion = 1;

// Applies the records that `reader` gives and checks the digest of every batch.
// Errors: the reader's; DataLoss when an event does not replay (names it) or the state differs from
// the log's (names the batch).
absl::Status ReplayAll(Books& books, wal::Reader& reader);

// Applies the records of one batch, up to `seq_max`, and checks its digest if all were applied.
absl::Status ReplayBatch(Books& books, const wal::BatchInfo& batch,
                         std::span<const wal::Record> records, uint64_t seq_max);

}  // namespace stet::engine
