// Batches: no length is trusted before the checksum that covers it.
#include "wal/batch.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace stet::wal {

uint32_t CountZeroSectors(Bytes batch, uint64_t content_bytes) {
  const uint64_t sectors = AlignUp(content_bytes, kSectorBytes) / kSectorBytes;
  assert(sectors * kSectorBytes <= batch.size());
  uint32_t zero = 0;
  for (uint64_t i = 0; i < sectors; ++i) {
    if (AllZero(batch.subspan(i * kSectorBytes, kSectorBytes))) ++zero;
  }
  return zero;
}

void SealBatch(BatchHeader* header, std::span<std::byte> batch) {
  const uint64_t content = kBatchHeaderBytes + header->body_bytes;
  assert(content <= batch.size() && batch.size() % kCommitAlignMin == 0);
  assert(AllZero(batch.subspan(content)));
  header->body_digest = DigestOf(batch.subspan(kBatchHeaderBytes));
  // The first sector holds the header, so it is not zero, whatever stands there yet.
  header->zero_sectors = content <= kSectorBytes ? 0
                                                 : CountZeroSectors(batch.subspan(kSectorBytes),
                                                                    content - kSectorBytes);
  header->batch_id = DigestOf(BytesOf(*header).first(kBatchHeaderBytes - sizeof(Digest)));
  std::memcpy(batch.data(), header, sizeof(*header));
  assert(Check(*header) == Flaw::kNone);
}

bool IsTorn(const BatchHeader& header, Bytes batch) {
  return CountZeroSectors(batch, kBatchHeaderBytes + header.body_bytes) > header.zero_sectors;
}

Flaw CheckBatch(const BatchHeader& header, Bytes batch, uint32_t record_align_log2,
                Records records) {
  if (kBatchHeaderBytes + header.body_bytes > batch.size()) return Flaw::kValue;
  if (DigestOf(batch.subspan(kBatchHeaderBytes)) != header.body_digest) return Flaw::kBody;
  if (!AllZero(batch.subspan(kBatchHeaderBytes + header.body_bytes))) return Flaw::kReserved;
  if (header.kind != BatchKind::kData) return Flaw::kNone;
  if (records == Records::kLater) return Flaw::kNone;
  RecordCursor cursor(header, batch, record_align_log2);
  while (cursor.Next()) {
  }
  return cursor.damaged() ? Flaw::kRecord : Flaw::kNone;
}

RecordCursor::RecordCursor(const BatchHeader& header, Bytes batch, uint32_t record_align_log2)
    : content_(
          batch.first(std::min<uint64_t>(batch.size(), kBatchHeaderBytes + header.body_bytes))),
      next_seq_(header.first_seq),
      end_seq_(header.first_seq + header.record_count),
      align_log2_(record_align_log2) {}

std::optional<RecordView> RecordCursor::Fail() {
  damaged_ = true;
  return std::nullopt;
}

std::optional<RecordView> RecordCursor::Next() {
  if (damaged_) return std::nullopt;
  const uint64_t left = content_.size() - offset_;
  if (next_seq_ == end_seq_) return left == 0 ? std::nullopt : Fail();
  if (left < kRecordHeaderBytes) return Fail();
  RecordView record = {
      .header = Load<RecordHeader>(content_.subspan(offset_)), .payload = {}, .offset = offset_};
  const uint64_t bytes = RecordBytes(record.header.payload_bytes, align_log2_);
  if (bytes > left) return Fail();
  record.payload = content_.subspan(offset_ + kRecordHeaderBytes, record.header.payload_bytes);
  if (RecordCheck(record.header, record.payload) != record.header.check) return Fail();
  if (record.header.flags != 0 || record.header.reserved != 0) return Fail();
  if (record.header.seq != next_seq_) return Fail();
  const uint64_t content = kRecordHeaderBytes + record.header.payload_bytes;
  if (!AllZero(content_.subspan(offset_ + content, bytes - content))) return Fail();
  offset_ += bytes;
  ++next_seq_;
  return record;
}

}  // namespace stet::wal
