// From the log to the state that it tells.
#pragma once

#include <cstdint>
#include <span>

#include <absl/status/status.h>

#include "core/event.h"
#include "engine/books.h"
#include "stet/wal/reader.h"

namespace stet::engine {

// The version of the digests in batch headers.
inline constexpr uint32_t kStateDigestVersion = 1;

// What a record takes in the log, about: its header, and its payload.
inline uint64_t RecordBytes(size_t payload_bytes) { return 32 + payload_bytes; }

// Applies one event; the state is unsettled until its batch ends.  Errors: DataLoss when it does not replay;
// names it.
absl::Status ReplayEvent(Books& books, const core::EventRef& event);

// To be called behind each event, or behind the last of each batch: settles the state where the batch ends, and
// checks its digest.
absl::Status CheckDigest(const wal::BatchInfo& batch, core::State& state);

// Applies the records that `reader` gives and checks the digest of every batch.
// Errors: the reader's; DataLoss when an event does not replay (names it) or the state differs from
// the log's (names the batch).
absl::Status ReplayAll(Books& books, wal::Reader& reader);

// The same for the record that `reader` stands at; the state is unsettled until its batch ends.
absl::Status ReplayNext(Books& books, const wal::Reader& reader);

// Whether `reader` stands at the last record of its batch.
bool EndsBatch(const wal::Reader& reader);

// Applies the records of one batch, up to `seq_max`, and checks its digest if all were applied.
absl::Status ReplayBatch(Books& books, const wal::BatchInfo& batch,
                         std::span<const wal::Record> records, uint64_t seq_max);

}  // namespace stet::engine
