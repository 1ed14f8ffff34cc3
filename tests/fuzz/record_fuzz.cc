// The records of a batch: any bytes, with checks that are wrong or right.
#include <algorithm>
#include <cstring>
#include <span>

#include "tests/fuzz/fuzzed_log.h"
#include "wal/batch.h"

namespace stet::wal {
namespace {

// Makes the check of each record right, as long as lengths lead from one to the next.
void CheckAgain(std::span<std::byte> batch, uint64_t end, uint32_t align_log2) {
  for (uint64_t at = kBatchHeaderBytes; at + kRecordHeaderBytes <= end;) {
    auto header = Load<RecordHeader>(batch.subspan(at));
    const uint64_t bytes = RecordBytes(header.payload_bytes, align_log2);
    if (at + bytes > end) return;
    const Bytes payload = batch.subspan(at + kRecordHeaderBytes, header.payload_bytes);
    header.check = RecordCheck(header, Hash64(payload));
    std::memcpy(batch.data() + at, &header, sizeof(header));
    at += bytes;
  }
}

void Walk(const BatchHeader& header, Bytes batch, uint32_t align_log2) {
  RecordCursor cursor(header, batch, align_log2);
  uint64_t end = kBatchHeaderBytes;
  uint64_t count = 0;
  while (const auto record = cursor.Next()) {
    Demand(record->offset >= end, "a record begins inside the one before it");
    Demand(record->offset % (uint64_t{1} << align_log2) == 0, "a record is not aligned");
    Demand(record->header.seq == header.first_seq + count, "a record has another seq");
    end = record->offset + kRecordHeaderBytes + record->payload.size();
    Demand(end <= kBatchHeaderBytes + header.body_bytes, "a record leaves the body");
    ++count;
  }
  Demand(count <= header.record_count, "more records than the header says");
  const bool whole = CheckBatch(header, batch, align_log2) == Flaw::kNone;
  Demand(!whole || (count == header.record_count && !cursor.damaged()),
         "a batch that is whole has other records than it says");
}

}  // namespace

// Input: the alignment and whether checks are made right; how many records; the first seq less one; the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(std::as_bytes(std::span(data, size)));
  const uint8_t how = input.Byte();
  const uint32_t align_log2 = 4 + (how & 3) % 3;
  BatchHeader header{.record_count = 1U + input.Byte(), .epoch = 1};
  header.first_seq = 1U + input.Byte();
  const Bytes body = input.Rest().first(std::min<size_t>(input.Rest().size(), 32 << 10));
  header.body_bytes = static_cast<uint32_t>(body.size());
  std::vector<std::byte> batch(BatchBytes(header.body_bytes, FuzzedLog::kAlign));
  std::copy(body.begin(), body.end(), batch.begin() + kBatchHeaderBytes);
  if ((how & 4) != 0) CheckAgain(batch, kBatchHeaderBytes + body.size(), align_log2);
  SealBatch(&header, batch);
  Walk(header, batch, align_log2);
  // In a body that is cut off too.
  if ((how & 8) != 0) header.body_bytes /= 2;
  Walk(header, batch, align_log2);
  return 0;
}

}  // namespace stet::wal
