// The records of a log in blocks: copied, and their payloads checked, so that applying them is all that is left.
#pragma once

#include <cstddef>
#include <vector>

#include <absl/status/status.h>

#include "core/event.h"
#include "engine/books.h"
#include "stet/wal/reader.h"

namespace stet::engine {

struct RecordBlock {
  std::vector<std::byte> bytes = {};         // of payloads
  std::vector<core::EventRef> events = {};   // dense in seq; their payloads point into `bytes`
  std::vector<wal::BatchInfo> batches = {};  // that hold them; the last may go on in the next block
  absl::Status status = absl::OkStatus();    // what the reader ended with, behind these
};

// Fills the next block; false at the end of the log.  A payload that is not what its type says stays
// unchecked: Apply refuses it, in its words.
bool NextBlock(wal::Reader& reader, RecordBlock& block);

// Applies the events, and checks the digest of every batch that ends among them.
// Errors: those of ReplayAll, with the seq (FailedAt) of an event that does not replay.
absl::Status ReplayBlock(Books& books, const RecordBlock& block);

}  // namespace stet::engine
