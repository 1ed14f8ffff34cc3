// The SEGMENT_END batch has no length that is known from behind: its header is looked for backwards.
#include "wal/segment_index.h"

#include <algorithm>

#include "wal/batch.h"

namespace stet::wal {
namespace {

// More than an index of the largest segment takes.
constexpr uint64_t kIndexBytesMax = 1 << 20;

bool IsBatchAt(SegmentBytes* bytes, const SegmentHeader& header, uint64_t offset,
               BatchHeader* batch) {
  const absl::StatusOr<Bytes> read = bytes->At(offset, kBatchHeaderBytes);
  if (!read.ok()) return false;
  *batch = Load<BatchHeader>(*read);
  return Check(*batch) == Flaw::kNone && batch->salt == header.salt &&
         batch->lsn == MakeLsn(header.segno, offset);
}

}  // namespace

std::optional<SegmentIndex> IndexOf(const BatchHeader& header, Bytes batch) {
  if (header.kind != BatchKind::kSegmentEnd || header.body_bytes < sizeof(SegmentEnd)) {
    return std::nullopt;
  }
  SegmentIndex index = {.offset = OffsetOf(header.lsn),
                        .end = Load<SegmentEnd>(batch.subspan(kBatchHeaderBytes))};
  const uint64_t need = sizeof(SegmentEnd) + uint64_t{index.end.index_count} * sizeof(IndexEntry);
  if (need > header.body_bytes) return std::nullopt;
  for (uint64_t i = 0; i < index.end.index_count; ++i) {
    index.entries.push_back(Load<IndexEntry>(
        batch.subspan(kBatchHeaderBytes + sizeof(SegmentEnd) + i * sizeof(IndexEntry))));
  }
  return index;
}

std::optional<SegmentIndex> ReadIndex(SegmentBytes* bytes, const SegmentHeader& header,
                                      uint64_t limit) {
  const uint64_t align = uint64_t{1} << header.commit_align_log2;
  const uint64_t first = FirstBatchOffset(align);
  const uint64_t lowest = limit > first + kIndexBytesMax ? limit - kIndexBytesMax : first;
  // One read from the lowest place fills the window for all of them.
  if (limit > lowest && !bytes->At(lowest, limit - lowest).ok()) return std::nullopt;
  for (uint64_t offset = limit; offset >= lowest + align;) {
    offset -= align;
    BatchHeader batch;
    if (!IsBatchAt(bytes, header, offset, &batch)) continue;
    const uint64_t length = BatchBytes(batch.body_bytes, align);
    if (offset + length != limit) return std::nullopt;
    const absl::StatusOr<Bytes> whole = bytes->At(offset, length);
    if (!whole.ok() || CheckBatch(batch, *whole, header.record_align_log2) != Flaw::kNone) {
      return std::nullopt;
    }
    return IndexOf(batch, *whole);
  }
  return std::nullopt;
}

uint64_t IndexedPlace(SegmentBytes* bytes, const SegmentHeader& header, uint64_t limit,
                      uint64_t seq) {
  const std::optional<SegmentIndex> index = ReadIndex(bytes, header, limit);
  if (!index) return 0;
  uint64_t place = 0;
  for (const IndexEntry& entry : index->entries) {
    if (entry.seq <= seq && entry.offset < limit) place = std::max(place, entry.offset);
  }
  BatchHeader batch;
  const bool good = place != 0 && place % (uint64_t{1} << header.commit_align_log2) == 0 &&
                    IsBatchAt(bytes, header, place, &batch) && batch.first_seq <= seq;
  return good ? place : 0;
}

}  // namespace stet::wal
