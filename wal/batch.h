// A batch as bytes: sealing it, verifying it, walking over its records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "wal/format.h"

namespace stet::wal {

// Completes a batch in memory.  `batch` has room for the header, holds the records behind it, then
// zeros up to its end (BatchBytes).  Sets zero_sectors, body_digest and batch_id of `header`, whose
// other fields the caller has set, and copies it to the front.
void SealBatch(BatchHeader* header, std::span<std::byte> batch);

// Sectors of the first `content_bytes` (header and body) that are all zero; the last sector counts
// as a whole.  `batch` reaches at least to the end of that sector.
uint32_t CountZeroSectors(Bytes batch, uint64_t content_bytes);

// Whether records are verified with their batch, or later, by whoever walks over them.
enum class Records : uint8_t { kNow, kLater };

// Whether body and records agree with a header that Check found intact.  `batch` is the whole of
// it, padding included.
Flaw CheckBatch(const BatchHeader& header, Bytes batch, uint32_t record_align_log2,
                Records records = Records::kNow);

// Whether whole sectors are missing from `batch`, which starts with the intact `header`.
bool IsTorn(const BatchHeader& header, Bytes batch);

// A record in its batch.
struct RecordView {
  RecordHeader header = {};
  Bytes payload = {};
  uint64_t offset = 0;  // of its header, from the start of the batch
};

// Walks over the records of a batch whose header is intact, and verifies each.
class RecordCursor {
 public:
  RecordCursor(const BatchHeader& header, Bytes batch, uint32_t record_align_log2);

  // The next record; nothing at the end and at the first that does not verify.
  std::optional<RecordView> Next();

  bool damaged() const { return damaged_; }
  uint64_t next_seq() const { return next_seq_; }  // of the record that is expected next

 private:
  std::optional<RecordView> Fail();

  Bytes content_;  // header and body
  uint64_t offset_ = kBatchHeaderBytes;
  uint64_t next_seq_;
  uint64_t end_seq_;
  uint32_t align_log2_;
  bool damaged_ = false;
};

// Writes a record (header, payload, zeros) to the front of `out`; returns its length on disk. `out`
// has RecordBytes(payload) bytes.  `payload_hash` is Hash64(payload).
uint64_t PutRecord(const NewRecord& record, uint64_t seq, uint64_t payload_hash,
                   std::span<std::byte> out);

}  // namespace stet::wal
