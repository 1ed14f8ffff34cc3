// The writer, from a group to its place in a batch and a segment.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/writer_impl.h"

namespace stet::wal {

absl::Status Writer::Impl::Admit(std::span<const NewRecord> group) {
  ASSIGN_OR_RETURN(const GroupSize size, Measure(group, options_.segment_bytes, place_align_));
  return TakeRoom(size.body_bytes);
}

absl::StatusOr<uint64_t> Writer::Impl::Append(std::span<const NewRecord> group,
                                              uint64_t state_digest, Durability at_least) {
  ASSIGN_OR_RETURN(const GroupSize size, Measure(group, options_.segment_bytes, place_align_));
  RETURN_IF_ERROR(TakeRoom(size.body_bytes));
  const std::span<std::byte> buffer = open_.buffer.span();
  uint64_t seq = next_seq_;
  for (const NewRecord& record : group) {
    open_.used += PutRecord(record, seq++, PayloadHash(record.payload), buffer.subspan(open_.used));
  }
  StampGroup(static_cast<uint32_t>(group.size()), size.payload_bytes, state_digest, 1, at_least);
  FlyAhead();
  return next_seq_ - 1;
}

absl::StatusOr<uint64_t> Writer::Impl::AppendEncoded(Bytes records, uint32_t count,
                                                     uint64_t payload_bytes, uint64_t state_digest,
                                                     uint32_t groups, Durability at_least) {
  assert(count > 0);
  RETURN_IF_ERROR(TakeRoom(records.size()));
  std::memcpy(open_.buffer.data() + open_.used, records.data(), records.size());
  open_.used += records.size();
  StampGroup(count, payload_bytes, state_digest, groups, at_least);
  FlyAhead();
  return next_seq_ - 1;
}

void Writer::Impl::StampGroup(uint32_t records, uint64_t payload_bytes, uint64_t state_digest,
                              uint32_t groups, Durability at_least) {
  if (at_least > options_.durability) {
    const uint64_t last_seq = next_seq_ + records - 1;
    strengthened_.push_back({.first_seq = next_seq_, .last_seq = last_seq, .at_least = at_least});
    if (at_least == Durability::kInterval) interval_seq_ = last_seq;
  }
  if (open_.empty()) open_.first_seq = next_seq_;
  open_.record_count += records;
  open_.payload_bytes += payload_bytes;
  open_.state_digest = state_digest;
  next_seq_ += records;
  stats_.records += records;
  stats_.groups += groups;
  stats_.payload_bytes += payload_bytes;
}

// Makes sure that the open batch takes `body_bytes` more.  Refuses or waits before anything is taken.
absl::Status Writer::Impl::TakeRoom(uint64_t body_bytes) {
  if (!status_.ok()) return status_;
  if (closed_) return absl::FailedPreconditionError("append: the log is closed");
  while (true) {
    if (failing_) {
      RETURN_IF_ERROR(Drive());
    } else if (!FitsWindow(body_bytes)) {
      RETURN_IF_ERROR(WaitForWindow(body_bytes));
    } else if (open_.used + body_bytes <= open_.used_max) {
      return absl::OkStatus();
    } else {
      if (!open_.empty()) CloseBatch();
      RETURN_IF_ERROR(OpenBatch(body_bytes));
    }
  }
}

// Whether what is not durable yet stays within the window that recovery relies on.
bool Writer::Impl::FitsWindow(uint64_t body_bytes) const {
  const uint64_t held = closed_bytes_ - durable_.bytes;
  return held + BatchBytes(open_.used - kBatchHeaderBytes + body_bytes, place_align_) <=
         options_.inflight_bytes_max;
}

bool Writer::Impl::FitsPlace(uint64_t batch_bytes) const {
  return batch_bytes <= BatchBytesMaxOf(place_bytes_) &&
         place_offset_ + batch_bytes + SegmentEndBytesMax(place_bytes_, place_align_) <=
             place_bytes_;
}

absl::Status Writer::Impl::OpenBatch(uint64_t body_bytes) {
  const uint64_t batch_bytes = BatchBytes(body_bytes, place_align_);
  // A wait may end in another segment than it began in.
  while (failing_ || !FitsPlace(batch_bytes)) RETURN_IF_ERROR(ApproachNextSegment(batch_bytes));
  const uint64_t room =
      place_bytes_ - place_offset_ - SegmentEndBytesMax(place_bytes_, place_align_);
  const uint64_t target = AlignUp(options_.batch_bytes_max, place_align_);
  const uint64_t bytes =
      std::min({std::max(target, batch_bytes), room, BatchBytesMaxOf(place_bytes_)});
  if (open_.buffer.size() < bytes) open_.buffer = buffers_.Take(bytes, place_align_);
  open_.used_max = bytes;
  open_.segno = place_segno_;
  open_.offset = place_offset_;
  return absl::OkStatus();
}

// The batch gets its place; nothing is added to it any more.
void Writer::Impl::CloseBatch() {
  assert(!open_.empty() && open_.segno == place_segno_ && open_.offset == place_offset_);
  open_.bytes = BatchBytes(open_.used - kBatchHeaderBytes, place_align_);
  place_offset_ += open_.bytes;
  closed_bytes_ += open_.bytes;
  ready_.push_back(std::move(open_));
  open_ = {};
}

// One step towards a place in the next segment, once that is ready and large enough.
absl::Status Writer::Impl::ApproachNextSegment(uint64_t batch_bytes) {
  using State = SegmentSupply::State;
  if (failing_) return Drive();
  if (place_segno_ != active_.header.segno) {
    // Only one segment is made ahead, and the place is in it: what is closed goes there first.
    assert(open_.empty());
    ++stats_.stalls;
    return Drive();
  }
  supply_->Want(active_.header.segno + 1, NextBytes(batch_bytes));
  if (supply_->state() == State::kWorking) {
    ++stats_.stalls;
    supply_->Hurry();
    supply_->Work(supply_->bytes());
  }
  switch (supply_->state()) {
    case State::kNone:
    case State::kWorking:
      return Drive();
    case State::kReady:
      place_segno_ = active_.header.segno + 1;
      place_offset_ = active_.first_offset();
      place_bytes_ = supply_->bytes();
      return absl::OkStatus();
    case State::kFailed:
      break;
  }
  NoticeSupply();
  const absl::Status error = supply_->error();
  if (!absl::IsResourceExhausted(error)) return Poison(WriterFailure::Kind::kSegment, error);
  return absl::ResourceExhaustedError(
      fmt::format("append: no space for the next segment: {}; free {} bytes, and append again",
                  std::string(error.message()), supply_->bytes()));
}

absl::Status Writer::Impl::WaitForWindow(uint64_t body_bytes) {
  ++stats_.stalls;
  pressed_ = true;
  absl::Status status;
  while (status.ok() && !failing_ && !FitsWindow(body_bytes)) status = Drive();
  pressed_ = false;
  return status;
}

}  // namespace stet::wal
