// Header copies and watermark slots: each may be missing after a crash, and each is enough.
#include <algorithm>

#include "wal/segment_reader.h"

namespace stet::wal {
namespace {

SegmentHeader HeaderAt(SegmentBytes* bytes, uint64_t offset, Flaw* flaw) {
  const absl::StatusOr<Bytes> read = bytes->At(offset, sizeof(SegmentHeader));
  if (!read.ok()) {
    *flaw = Flaw::kUnreadable;
    return {};
  }
  const auto header = Load<SegmentHeader>(*read);
  *flaw = Check(header);
  return header;
}

}  // namespace

const SegmentHeader* HeaderCopies::best() const {
  for (const SegmentState state : {SegmentState::kActive, SegmentState::kProvisional}) {
    for (size_t i = 0; i < header.size(); ++i) {
      if (flaw[i] == Flaw::kNone && header[i].state == state) return &header[i];
    }
  }
  return nullptr;
}

HeaderCopies ReadHeaders(SegmentBytes* bytes) {
  HeaderCopies copies;
  copies.header[0] = HeaderAt(bytes, 0, &copies.flaw[0]);
  if (copies.flaw[0] == Flaw::kNone) {
    const uint64_t align = uint64_t{1} << copies.header[0].commit_align_log2;
    copies.header[1] = HeaderAt(bytes, align, &copies.flaw[1]);
    return copies;
  }
  // Copy B stands behind one block, and only copy A could have told its size.
  for (uint64_t align = kCommitAlignMin; align <= kCommitAlignMax; align *= 2) {
    Flaw flaw = Flaw::kNone;
    const SegmentHeader header = HeaderAt(bytes, align, &flaw);
    const bool here = flaw == Flaw::kNone && uint64_t{1} << header.commit_align_log2 == align;
    if (align == kCommitAlignMin || here) {
      copies.header[1] = header;
      copies.flaw[1] = flaw;
    }
    if (here) break;
  }
  return copies;
}

const WatermarkSlot* Slots::newest() const {
  const WatermarkSlot* newest = nullptr;
  for (size_t i = 0; i < slot.size(); ++i) {
    if (flaw[i] != Flaw::kNone) continue;
    if (newest == nullptr || slot[i].slot_no > newest->slot_no) newest = &slot[i];
  }
  return newest;
}

Slots ReadSlots(SegmentBytes* bytes, const SegmentHeader& header) {
  Slots slots;
  const uint64_t align = uint64_t{1} << header.commit_align_log2;
  for (size_t i = 0; i < slots.slot.size(); ++i) {
    const absl::StatusOr<Bytes> read = bytes->At((2 + i) * align, sizeof(WatermarkSlot));
    if (!read.ok()) {
      slots.flaw[i] = Flaw::kUnreadable;
      continue;
    }
    const auto slot = Load<WatermarkSlot>(*read);
    slots.slot[i] = slot;
    slots.flaw[i] = Check(slot);
    if (slots.flaw[i] != Flaw::kNone) continue;
    const uint64_t offset = OffsetOf(slot.durable_lsn);
    const bool place = SegnoOf(slot.durable_lsn) == header.segno && offset % align == 0 &&
                       offset >= FirstBatchOffset(align) && offset <= header.segment_bytes;
    if (slot.salt != header.salt || slot.slot_no % 2 != i || !place) slots.flaw[i] = Flaw::kValue;
  }
  return slots;
}

}  // namespace stet::wal
