// The writer when the disk fails: go on in the next segment, or fail for good.
//
// A write or flush that failed is final for its segment: it is never tried again, for the kernel may
// report a loss only once.  What had been flushed before stays good, and the next segment's header says
// that the log continues from there; what was not is still held, and is sealed again for its new place.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/writer_impl.h"

namespace stet::wal {
namespace {

// More failures than this within the period are no bad luck: the disk is going.
constexpr size_t kFailoversMax = 2;
constexpr int64_t kFailoverPeriodNs = 60'000'000'000;

constexpr size_t kLastFailuresMax = 8;

}  // namespace

// Takes note that the active segment failed; Pump goes on from there.  Returns an error if there is
// nothing to go on to.
absl::Status Writer::Impl::Fail(WriterFailure::Kind kind, const absl::Status& cause) {
  if (!status_.ok()) return status_;
  if (failing_) return absl::OkStatus();
  if (kind == WriterFailure::Kind::kQueue || kind == WriterFailure::Kind::kSwitch) {
    return Poison(kind, cause);
  }
  const int64_t now = storage_->MonotonicNanos();
  while (!failovers_ns_.empty() && now - failovers_ns_.front() > kFailoverPeriodNs) {
    failovers_ns_.pop_front();
  }
  if (failovers_ns_.size() == kFailoversMax) {
    return Poison(kind, absl::Status(cause.code(),
                                     fmt::format("{} (failure number {} within {} s)",
                                                 std::string(cause.message()), kFailoversMax + 1,
                                                 kFailoverPeriodNs / 1'000'000'000)));
  }
  failovers_ns_.push_back(now);
  failing_ = true;
  spare_asked_ = false;
  failure_kind_ = kind;
  failure_ = cause;
  return absl::OkStatus();
}

// Returns OK also when it has to be called again: later completions of the segment have to be
// awaited, for the kernel still reads their buffers, and so has the next segment.
absl::Status Writer::Impl::FailOver() {
  if (ops_flying_ > 0) return absl::OkStatus();
  const absl::StatusOr<bool> spare = TakeSpare();
  if (!spare.ok()) {
    return Poison(failure_kind_,
                  absl::Status(spare.status().code(),
                               fmt::format("{}; and there is no segment to go on in: {}",
                                           std::string(failure_.message()),
                                           std::string(spare.status().message()))));
  }
  if (!*spare) return absl::OkStatus();
  flush_flying_ = false;
  slot_flying_ = false;
  const uint64_t discarded_to = sealed_end_lsn_ > durable_.lsn ? sealed_end_lsn_ : 0;
  if (absl::Status moved = MoveOn(discarded_to); !moved.ok()) {
    return Poison(
        WriterFailure::Kind::kSwitch,
        absl::Status(moved.code(), fmt::format("{}; and then: {}", std::string(failure_.message()),
                                               std::string(moved.message()))));
  }
  failing_ = false;
  ++stats_.failovers;
  Record(failure_kind_, WriterFailure::Outcome::kFailedOver,
         fmt::format("{}; went on in {}; look at it with `walinspect verify {}`",
                     std::string(failure_.message()), active_.file->path(), options_.directory));
  return absl::OkStatus();
}

// To `spare_`.  What was written may have been released, in modes that do not wait for a flush: it
// stands in the next segment, flushed, before the header of that one makes the failed segment's
// dead.  So there is no moment in which a kill would lose it.
absl::Status Writer::Impl::MoveOn(uint64_t discarded_to_lsn) {
  written_ = durable_;
  chain_id_ = durable_.batch_id;
  chain_lsn_ = durable_.batch_lsn;
  segments_.back().end_offset = OffsetOf(durable_.lsn);
  StampHeader(StartReason::kFailover, discarded_to_lsn);
  // Another salt than the header's on the disk: batches that stand there before the segment is in use
  // are nobody's if this ends half-way.
  spare_.header.salt = storage_->Random();
  const size_t released = held_.size();
  Enter(std::exchange(spare_, {}));
  PlaceAgain();
  RETURN_IF_ERROR(WriteAgain(released));
  RETURN_IF_ERROR(WriteHeader(&active_));
  ++stats_.flushes;
  RETURN_IF_ERROR(VerifyHeader());
  RETURN_IF_ERROR(NameOpened());
  AdvanceDurable(written_);
  return absl::OkStatus();
}

// The first `count` of what is ready, and flushes it.
absl::Status Writer::Impl::WriteAgain(size_t count) {
  if (count == 0) return absl::OkStatus();
  for (size_t i = 0; i < count; ++i) {
    flying_.push_back(std::move(ready_.front()));
    ready_.pop_front();
    PendingBatch& batch = flying_.back();
    SealForFlight(&batch);
    const Bytes data = batch.buffer.span().first(batch.bytes);
    RETURN_IF_ERROR(active_.file->Write(batch.offset, data));
    ++stats_.batches;
    stats_.written_bytes += batch.bytes;
    batch.stage = PendingBatch::Stage::kDone;
    batch.written_ns = storage_->MonotonicNanos();
  }
  RETURN_IF_ERROR(active_.file->Flush());
  ++stats_.flushes;
  while (!flying_.empty()) {
    written_ = flying_.front().end;
    held_.push_back(std::move(flying_.front()));
    flying_.pop_front();
  }
  return absl::OkStatus();
}

// With the new salt all batches hang on the header: a disk that only says that it wrote it shows here.
absl::Status Writer::Impl::VerifyHeader() {
  AlignedBuffer block(active_.align, active_.align);
  ASSIGN_OR_RETURN(const size_t length, active_.file->Read(0, block.span()));
  if (length == block.size() &&
      std::memcmp(block.data(), &active_.header, sizeof(SegmentHeader)) == 0) {
    return absl::OkStatus();
  }
  return absl::InternalError(fmt::format(
      "{}: the header at offset 0 reads otherwise than it was written", active_.file->path()));
}

// Whether the segment to go on in is there.
absl::StatusOr<bool> Writer::Impl::TakeSpare() {
  using State = SegmentSupply::State;
  if (spare_.file != nullptr) return true;
  uint64_t bytes = SpareBytes();
  if (bytes == 0) return absl::ResourceExhaustedError("what is held fits no segment");
  const State before = supply_->state();
  if (before == State::kNone || before == State::kFailed) bytes = std::max(bytes, NextBytes(0));
  supply_->Want(active_.header.segno + 1, bytes);
  supply_->Hurry();
  if (supply_->state() == State::kWorking) spare_asked_ = true;
  supply_->Work(supply_->bytes());
  switch (supply_->state()) {
    case State::kNone:
    case State::kWorking:
      return false;
    case State::kFailed:
      // An older failure says nothing: it is tried once more.
      if (!spare_asked_) return false;
      return supply_->error();
    case State::kReady:
      break;
  }
  spare_ = supply_->Take();
  return true;
}

// Of a segment that takes all that is held; 0 if there is none.
uint64_t Writer::Impl::SpareBytes() const {
  uint64_t total = 0;
  uint64_t largest = 0;
  const auto add = [&](uint64_t bytes) {
    total += bytes;
    largest = std::max(largest, bytes);
  };
  for (const auto* batches : {&held_, &flying_, &ready_}) {
    for (const PendingBatch& batch : *batches) add(batch.bytes);
  }
  if (!open_.empty()) add(BatchBytes(open_.used - kBatchHeaderBytes, place_align_));
  for (uint64_t bytes = kSegmentBytesMin; bytes <= kSegmentBytesMax; bytes *= 2) {
    const uint64_t needed =
        FirstBatchOffset(place_align_) + total + SegmentEndBytesMax(bytes, place_align_);
    if (needed <= bytes && largest <= BatchBytesMaxOf(bytes)) return bytes;
  }
  return 0;
}

// All that is not durable gets a place in the active segment, in the same order.
void Writer::Impl::PlaceAgain() {
  std::deque<PendingBatch> batches;
  for (auto* from : {&held_, &flying_, &ready_}) {
    std::move(from->begin(), from->end(), std::back_inserter(batches));
    from->clear();
  }
  place_segno_ = active_.header.segno;
  place_offset_ = active_.first_offset();
  place_bytes_ = active_.bytes();
  closed_bytes_ = durable_.bytes;
  for (PendingBatch& batch : batches) {
    batch.segno = place_segno_;
    batch.offset = place_offset_;
    batch.stage = PendingBatch::Stage::kWriting;
    batch.done_bytes = 0;
    batch.empty_completions = 0;
    place_offset_ += batch.bytes;
    closed_bytes_ += batch.bytes;
  }
  ready_ = std::move(batches);
  open_.segno = place_segno_;
  open_.offset = place_offset_;
  const uint64_t room =
      place_bytes_ - place_offset_ - SegmentEndBytesMax(place_bytes_, place_align_);
  // An empty one is opened again by the next group.
  open_.used_max =
      open_.empty() ? 0 : std::min({open_.used_max, room, BatchBytesMaxOf(place_bytes_)});
}

// The full disk shows here: only the next segment needs space.
void Writer::Impl::NoticeSupply() {
  NoticeRetired();
  const SegmentSupply::State state = supply_->state();
  if (state == SegmentSupply::State::kReady) {
    supply_failed_ = false;
    stats_.low_space = false;
  }
  if (state != SegmentSupply::State::kFailed) return;
  if (!supply_failed_) {
    const absl::Status error = supply_->error();
    supply_failed_ = true;
    stats_.low_space = absl::IsResourceExhausted(error);
    Record(WriterFailure::Kind::kSegment, WriterFailure::Outcome::kWaits,
           fmt::format("{}; tried again by itself", std::string(error.message())));
  }
  if (!failing_ && place_segno_ == active_.header.segno) {
    supply_->Want(active_.header.segno + 1, supply_->bytes());
  }
}

// What cannot be retired only takes room.
void Writer::Impl::NoticeRetired() {
  stats_.segments_retired = supply_->retired();
  stats_.segments_recycled = supply_->recycled();
  if (!supply_->retire_failed()) return;
  const absl::Status error = supply_->TakeRetireError();
  Record(WriterFailure::Kind::kSegment, WriterFailure::Outcome::kWaits,
         fmt::format("retire: {}", std::string(error.message())));
}

void Writer::Impl::Record(WriterFailure::Kind kind, WriterFailure::Outcome outcome,
                          std::string text) {
  ++stats_.failures;
  if (stats_.last_failures.size() == kLastFailuresMax) {
    stats_.last_failures.erase(stats_.last_failures.begin());
  }
  stats_.last_failures.push_back({.kind = kind,
                                  .outcome = outcome,
                                  .time_ns = storage_->WallNanos(),
                                  .durable_seq = durable_.seq,
                                  .text = std::move(text)});
}

// The first error is final.
absl::Status Writer::Impl::Poison(WriterFailure::Kind kind, const absl::Status& cause) {
  if (!status_.ok()) return status_;
  // A full disk under a file whose every byte was written before is no matter of trying again.
  const auto code = absl::IsResourceExhausted(cause) ? absl::StatusCode::kInternal : cause.code();
  status_ = absl::Status(code, fmt::format("log {}: failed, takes no more: {}; up to seq {} is "
                                           "released; look at it with `walinspect "
                                           "verify {}`, then open it again to go on",
                                           options_.directory, std::string(cause.message()),
                                           released(), options_.directory));
  Record(kind, WriterFailure::Outcome::kPoisoned, std::string(cause.message()));
  return status_;
}

}  // namespace stet::wal
