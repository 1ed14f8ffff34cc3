// What a log holds: records, in groups that are stored together or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#pragma GCC visibility push(default)

namespace stet::wal {

using Bytes = std::span<const std::byte>;

// A record to be appended.  `payload` is read before Append returns.
struct NewRecord {
  uint64_t stream = 0;  // whom it concerns; 0: the log's owner
  uint16_t type = 0;
  uint32_t schema_id = 0;
  Bytes payload = {};
};

// A record of the log.  `payload` points into the reader's buffer: valid until its next move.
struct Record {
  uint64_t seq = 0;  // dense, from 1
  uint64_t lsn = 0;  // of the batch that holds it: segment number << 32 | offset
  uint64_t stream = 0;
  uint16_t type = 0;
  uint32_t schema_id = 0;
  Bytes payload = {};
};

// The identity of a batch: a digest over its header, and through that over its records and over all
// batches before it.  Two logs in which one id occurs agree up to the end of that batch.
struct BatchId {
  uint64_t low = 0;
  uint64_t high = 0;

  bool operator==(const BatchId&) const = default;
};
std::string ToString(const BatchId& id);  // 32 hex digits

// A batch, as seen by a reader.
struct BatchInfo {
  uint64_t lsn = 0;
  uint32_t bytes = 0;
  uint64_t first_seq = 0;
  uint32_t record_count = 0;
  uint32_t epoch = 0;
  uint64_t durable_lsn = 0;   // all before it was durable when this batch was sealed
  int64_t closed_ns = 0;      // wall time, ns since the Unix epoch
  uint64_t state_digest = 0;  // of the application's state behind its last record; 0: none
  BatchId batch_id = {};
};

}  // namespace stet::wal

#pragma GCC visibility pop
