// The writer, from segment to segment.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "base/status_macros.h"
#include "wal/segments.h"
#include "wal/writer_impl.h"

namespace stet::wal {

// The first segment of this epoch.  What stands in older ones stays as it is: the header says where they end.
absl::Status Writer::Impl::ActivateFirst() {
  const RecoveredTail& tail = recovered_.tail();
  const uint64_t bytes = std::min(options_.first_segment_bytes, options_.segment_bytes);
  SegmentMaker maker(identity_, tail.next_segno, bytes);
  RETURN_IF_ERROR(maker.Run());
  SegmentFile segment = maker.Take();
  SegmentHeader& header = segment.header;
  header.state = SegmentState::kActive;
  header.start_reason = tail.start_reason;
  header.first_seq = tail.next_seq;
  header.prev_segno = tail.next_segno - 1;
  header.prev_end_lsn = tail.prev_end_lsn;
  header.prev_last_seq = tail.prev_last_seq;
  header.prev_batch_id = tail.prev_batch_id;
  header.prev_durable_lsn = tail.prev_durable_lsn;
  header.discarded_to_lsn = tail.discarded_to_lsn;
  RETURN_IF_ERROR(WriteHeader(&segment));
  chain_id_ = tail.prev_batch_id;
  chain_lsn_ = tail.prev_batch_lsn;
  next_seq_ = tail.next_seq;
  written_.seq = tail.prev_last_seq;
  written_seq_ = written_.seq;
  Enter(std::move(segment));
  AdvanceWitnessed(durable_.witness);
  place_segno_ = active_.header.segno;
  place_offset_ = active_.first_offset();
  place_bytes_ = active_.bytes();
  place_align_ = active_.align;
  // The lock file's name, and what the last process left in the way.
  const std::string mine = PathIn(options_.directory, SegmentName(tail.next_segno));
  for (const std::string& path : tail.leftovers) {
    if (path != mine && path != mine + std::string(kUnfinished)) {
      RETURN_IF_ERROR(storage_->Remove(path));
    }
  }
  return absl::OkStatus();
}

// Nothing flies.  Afterwards the next segment is the active one, or the active one has failed.
absl::Status Writer::Impl::Rotate() {
  assert(ops_flying_ == 0);
  if (written_.bytes != durable_.bytes) {
    ++stats_.flushes;
    if (const absl::Status status = active_.file->Flush(); !status.ok()) {
      return Fail(WriterFailure::Kind::kFlush, status);
    }
    AdvanceDurable(written_);
  }
  spare_ = supply_->Take();
  if (const absl::Status status = WriteSegmentEnd(spare_); !status.ok()) {
    return Fail(WriterFailure::Kind::kWrite, status);
  }
  StampHeader(StartReason::kRotate, 0);
  if (const absl::Status status = WriteHeader(&spare_); !status.ok()) {
    return Fail(WriterFailure::Kind::kSwitch, status);
  }
  ++stats_.flushes;
  Enter(std::exchange(spare_, {}));
  AdvanceWitnessed(durable_.witness);
  ++stats_.rotations;
  return absl::OkStatus();
}

// Durable before the next segment is activated: a segment that is not the last is always whole.
absl::Status Writer::Impl::WriteSegmentEnd(const SegmentFile& next) {
  totals_.next_segno = next.header.segno;
  totals_.next_salt = next.header.salt;
  totals_.index_count = static_cast<uint32_t>(index_.size());
  const uint64_t index_bytes = index_.size() * sizeof(IndexEntry);
  const uint64_t body_bytes = sizeof(SegmentEnd) + index_bytes;
  const uint64_t bytes = BatchBytes(body_bytes, active_.align);
  assert(bytes <= SegmentEndBytesMax(active_.bytes(), active_.align));
  AlignedBuffer buffer(bytes, active_.align);
  std::memset(buffer.data(), 0, bytes);
  std::byte* body = buffer.data() + kBatchHeaderBytes;
  std::memcpy(body, &totals_, sizeof(totals_));
  if (index_bytes != 0) std::memcpy(body + sizeof(totals_), index_.data(), index_bytes);
  BatchHeader header{.kind = BatchKind::kSegmentEnd,
                     .body_bytes = static_cast<uint32_t>(body_bytes),
                     .salt = active_.header.salt,
                     .lsn = durable_.lsn,
                     .first_seq = durable_.seq + 1,
                     .epoch = identity_.epoch,
                     .durable_lsn = durable_.lsn,
                     .closed_ns = storage_->WallNanos(),
                     .prev_batch_id = chain_id_,
                     .prev_lsn = chain_lsn_};
  SealBatch(&header, buffer.span());
  sealed_end_lsn_ = header.lsn + bytes;
  RETURN_IF_ERROR(active_.file->Write(OffsetOf(header.lsn), buffer.span()));
  RETURN_IF_ERROR(active_.file->Flush());
  ++stats_.flushes;
  stats_.written_bytes += bytes;
  chain_id_ = header.batch_id;
  chain_lsn_ = header.lsn;
  written_.lsn = header.lsn + bytes;
  segments_.back().end_offset = OffsetOf(written_.lsn);
  return absl::OkStatus();
}

// Pins the end of the active segment in the header of `spare_`.
void Writer::Impl::StampHeader(StartReason reason, uint64_t discarded_to_lsn) {
  SegmentHeader& header = spare_.header;
  header.state = SegmentState::kActive;
  header.start_reason = reason;
  header.first_seq = durable_.seq + 1;
  header.prev_segno = active_.header.segno;
  header.prev_end_lsn = written_.lsn;
  header.prev_last_seq = durable_.seq;
  header.prev_batch_id = chain_id_;
  header.prev_durable_lsn = written_.lsn;
  header.discarded_to_lsn = discarded_to_lsn;
  assert(spare_.align == place_align_);
}

// What belongs to one segment starts anew.  Its header names all before it: once that is durable, so
// much is witnessed.
void Writer::Impl::Enter(SegmentFile segment) {
  active_ = std::move(segment);
  written_.lsn = active_.lsn(active_.first_offset());
  written_.batch_lsn = chain_lsn_;
  written_.batch_id = chain_id_;
  written_.witness = {.lsn = written_.lsn, .seq = written_.seq};
  durable_ = written_;
  sealed_end_lsn_ = written_.lsn;
  slot_no_ = 0;
  slot_target_ = durable_;
  if (slot_buffer_.size() < active_.align)
    slot_buffer_ = AlignedBuffer(active_.align, active_.align);
  index_.clear();
  totals_ = {};
  segments_.push_back({.path = PathIn(options_.directory, SegmentName(active_.header.segno)),
                       .segno = active_.header.segno,
                       .salt = active_.header.salt,
                       .epoch = active_.header.epoch,
                       .commit_align_log2 = active_.header.commit_align_log2,
                       .record_align_log2 = active_.header.record_align_log2,
                       .first_seq = active_.header.first_seq,
                       .prev_batch_id = active_.header.prev_batch_id,
                       .end_offset = active_.first_offset()});
}

// Each is twice as large as the one before, up to the configured size, and four times the batch that it is made for.
uint64_t Writer::Impl::NextBytes(uint64_t batch_bytes) const {
  uint64_t bytes = std::min(2 * active_.bytes(), options_.segment_bytes);
  while (BatchBytesMaxOf(bytes) < batch_bytes) bytes = std::min(2 * bytes, options_.segment_bytes);
  return bytes;
}

// Ahead of its use, but not before the active one fills: a short-lived process pays for one small segment only.
void Writer::Impl::WantNext() {
  if (place_segno_ != active_.header.segno) return;
  if (supply_->state() == SegmentSupply::State::kNone) {
    supply_->Want(active_.header.segno + 1, NextBytes(0));
  }
}

// The segment before has no SEGMENT_END: only LOG_ID can tell later that the active one was here.  To be
// done before anything in it is released.
absl::Status Writer::Impl::NameOpened() {
  return WriteLogId(storage_, options_.directory,
                    {.minor = kLogIdMinorOpened,
                     .log_uuid = identity_.log_uuid,
                     .created_ns = created_ns_,
                     .opened_segno = active_.header.segno});
}

// Whoever made the directory may have died before its name was flushed.
absl::Status Writer::Impl::SyncParent() {
  const absl::Status synced = storage_->SyncDirectory(ParentOf(options_.directory));
  // A parent that we may not read: then the directory was given to us, not made by us.
  return absl::IsPermissionDenied(synced) ? absl::OkStatus() : synced;
}

}  // namespace stet::wal
