// The writer, from a closed batch to a durable one.
#include <errno.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/io/io_error.h"
#include "wal/writer_impl.h"

namespace stet::wal {
namespace {

// More never paid: small batches gain by gathering, large ones fill the device with a few.
constexpr size_t kFlyingMax = 4;

// While a batch flies the next one gathers up to this size before it follows.
constexpr uint64_t kFollowBytes = 64 << 10;

// Completions of nothing, one after the other, that are still taken for a busy kernel.
constexpr int kEmptyCompletionsMax = 16;

constexpr uint64_t kFlushToken = 1;
constexpr uint64_t kSlotToken = 2;
constexpr uint64_t kFirstBatchToken = 3;

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

absl::Status Writer::Impl::Submit(const Op& op) {
  unsubmitted_ = true;
  const absl::Status status = queue_->Submit({&op, 1});
  return status.ok() ? status : Poison(status);
}

// Submits what may fly.
absl::Status Writer::Impl::Pump() {
  const bool lazy = options_.durability == Durability::kMemory && !pressed_;
  while (flying_.size() < kFlyingMax) {
    if (ready_.empty()) {
      if (open_.empty() || lazy) break;
      if (!flying_.empty() && open_.used < kFollowBytes) break;
      CloseBatch();
    }
    const PendingBatch& next = ready_.front();
    if (next.segno != active_.header.segno) {
      if (!flying_.empty() || flush_flying_ || slot_flying_) break;
      RETURN_IF_ERROR(Rotate());
    }
    if (next.offset + next.bytes - OffsetOf(durable_.lsn) > options_.inflight_bytes_max) break;
    RETURN_IF_ERROR(SubmitNext());
  }
  if (!flush_flying_ && WindowWantsFlush()) RETURN_IF_ERROR(SubmitFlush());
  return absl::OkStatus();
}

absl::Status Writer::Impl::SubmitNext() {
  flying_.push_back(std::move(ready_.front()));
  ready_.pop_front();
  PendingBatch& batch = flying_.back();
  SealForFlight(&batch);
  const uint64_t end = batch.offset + batch.bytes;
  if (end >= active_.bytes() / 4) WantNext();
  if (end >= active_.bytes() / 2) supply_->Hurry();
  ++stats_.batches;
  stats_.written_bytes += batch.bytes;
  return SubmitPart(&batch);
}

void Writer::Impl::SealForFlight(PendingBatch* batch) {
  std::memset(batch->buffer.data() + batch->used, 0, batch->bytes - batch->used);
  const uint64_t lsn = active_.lsn(batch->offset);
  const bool relaxed = options_.durability != Durability::kCommit;
  BatchHeader header{.flags = relaxed ? kBatchRelaxed : uint16_t{0},
                     .body_bytes = static_cast<uint32_t>(batch->used - kBatchHeaderBytes),
                     .salt = active_.header.salt,
                     .lsn = lsn,
                     .first_seq = batch->first_seq,
                     .record_count = batch->record_count,
                     .epoch = identity_.epoch,
                     .durable_lsn = durable_.lsn,
                     .closed_ns = storage_->WallNanos(),
                     .prev_batch_id = chain_id_,
                     .prev_lsn = chain_lsn_,
                     .state_digest = batch->state_digest};
  SealBatch(&header, batch->buffer.span().first(batch->bytes));
  chain_id_ = header.batch_id;
  chain_lsn_ = lsn;
  const uint64_t before =
      flying_.size() > 1 ? flying_[flying_.size() - 2].end.bytes : written_.bytes;
  batch->end = {.lsn = lsn + batch->bytes,
                .seq = batch->last_seq(),
                .batch_id = header.batch_id,
                .witnessed_seq = durable_.seq,
                .bytes = before + batch->bytes};
  batch->token = kFirstBatchToken + next_token_++;
  if (index_.empty() || batch->offset >= index_.back().offset + kIndexEvery) {
    index_.push_back({.seq = batch->first_seq, .offset = batch->offset});
  }
  totals_.records += batch->record_count;
  totals_.payload_bytes += batch->payload_bytes;
  ++totals_.batches;
}

// The whole batch, or what a short write left of it, or the flush that must follow then.
absl::Status Writer::Impl::SubmitPart(PendingBatch* batch) {
  Op op{.file = active_.file.get(), .token = batch->token};
  if (batch->stage == PendingBatch::Stage::kFlushing) {
    op.kind = Op::Kind::kFlush;
    ++stats_.flushes;
    return Submit(op);
  }
  const bool durable = options_.durability == Durability::kCommit;
  const bool whole = batch->stage == PendingBatch::Stage::kWriting;
  op.kind = durable && whole ? Op::Kind::kWriteDurable : Op::Kind::kWrite;
  if (op.kind == Op::Kind::kWriteDurable) ++stats_.durable_writes;
  // On a block: what precedes in it is of this batch and is written once more.
  const uint64_t from = batch->done_bytes / active_.align * active_.align;
  op.offset = batch->offset + from;
  op.data = batch->buffer.span().subspan(from, batch->bytes - from);
  return Submit(op);
}

bool Writer::Impl::WindowWantsFlush() const {
  if (written_.bytes == durable_.bytes) return false;
  const bool all_written = flying_.empty() && ready_.empty() && open_.empty();
  const bool half = written_.bytes - durable_.bytes >= options_.inflight_bytes_max / 2;
  return half || (pressed_ && (all_written || flying_.empty()));
}

absl::Status Writer::Impl::SubmitFlush() {
  flush_flying_ = true;
  flush_target_ = written_;
  ++stats_.flushes;
  return Submit({.kind = Op::Kind::kFlush, .file = active_.file.get(), .token = kFlushToken});
}

absl::StatusOr<size_t> Writer::Impl::ReapOnce(absl::Duration wait_max) {
  Completion completions[kFlyingMax + 2];
  unsubmitted_ = false;
  const absl::StatusOr<size_t> count = queue_->Reap(completions, wait_max);
  if (!count.ok()) return Poison(count.status());
  for (size_t i = 0; i < *count; ++i) RETURN_IF_ERROR(Complete(completions[i]));
  if (*count > 0) last_ack_ns_ = storage_->MonotonicNanos();
  return *count;
}

absl::Status Writer::Impl::Complete(const Completion& completion) {
  if (completion.token == kSlotToken) return CompleteSlot(completion.result);
  if (completion.token == kFlushToken) {
    flush_flying_ = false;
    if (completion.result < 0) {
      const int error = static_cast<int>(-completion.result);
      return Poison(IoError(error, "flush", active_.file->path()));
    }
    AdvanceDurable(flush_target_);
    return absl::OkStatus();
  }
  const auto batch = std::find_if(flying_.begin(), flying_.end(), [&](const PendingBatch& flying) {
    return flying.token == completion.token;
  });
  assert(batch != flying_.end());
  return CompleteBatch(&*batch, completion.result);
}

absl::Status Writer::Impl::CompleteBatch(PendingBatch* batch, int64_t result) {
  using Stage = PendingBatch::Stage;
  const bool flush = batch->stage == Stage::kFlushing;
  const bool busy = !flush && (result == -EAGAIN || result == -EINTR);
  if ((result < 0 && !busy) || batch->empty_completions >= kEmptyCompletionsMax) {
    const int error = result < 0 ? static_cast<int>(-result) : EIO;
    if (flush) return Poison(IoError(error, "flush", active_.file->path()));
    return Poison(IoErrorAt(error, "write", active_.file->path(), batch->offset + batch->done_bytes,
                            batch->bytes - batch->done_bytes));
  }
  if (!flush) {
    const auto done = static_cast<uint64_t>(std::max<int64_t>(result, 0));
    batch->empty_completions = done == 0 ? batch->empty_completions + 1 : 0;
    batch->done_bytes = batch->done_bytes / active_.align * active_.align + done;
    assert(batch->done_bytes <= batch->bytes);
    if (batch->done_bytes < batch->bytes) {
      // The rest is a write of its own and needs a flush of its own: the one asked for covered only what was written.
      ++stats_.short_writes;
      batch->stage = Stage::kRest;
      return SubmitPart(batch);
    }
    if (batch->stage == Stage::kRest && options_.durability == Durability::kCommit) {
      batch->stage = Stage::kFlushing;
      return SubmitPart(batch);
    }
  }
  batch->stage = Stage::kDone;
  AdvanceWritten();
  return absl::OkStatus();
}

// In order: a batch counts when all before it do.
void Writer::Impl::AdvanceWritten() {
  while (!flying_.empty() && flying_.front().stage == PendingBatch::Stage::kDone) {
    written_ = flying_.front().end;
    GiveBuffer(std::move(flying_.front().buffer));
    flying_.pop_front();
    if (options_.durability == Durability::kCommit) AdvanceDurable(written_);
  }
}

void Writer::Impl::AdvanceDurable(const LogPosition& position) {
  assert(position.lsn >= durable_.lsn && position.seq >= durable_.seq);
  durable_ = position;
  witnessed_seq_ = std::max(witnessed_seq_, position.witnessed_seq);
}

// When the next watermark slot is to be written: the log must have fallen idle with something new to say.
int64_t Writer::Impl::SlotDueNs() const {
  if (busy() || slot_flying_ || durable_.lsn == slot_target_.lsn) return kNever;
  if (options_.idle_watermark == absl::InfiniteDuration()) return kNever;
  return last_ack_ns_ + absl::ToInt64Nanoseconds(options_.idle_watermark);
}

absl::Status Writer::Impl::SubmitSlot(bool clean_close) {
  slot_target_ = durable_;
  ++slot_no_;
  slot_tries_ = 0;
  WatermarkSlot slot{.flags = clean_close ? kSlotCleanClose : 0,
                     .salt = active_.header.salt,
                     .slot_no = slot_no_,
                     .durable_lsn = durable_.lsn,
                     .durable_seq = durable_.seq,
                     .batch_id = durable_.batch_id,
                     .time_ns = storage_->WallNanos()};
  Seal(&slot);
  std::memset(slot_buffer_.data(), 0, slot_buffer_.size());
  std::memcpy(slot_buffer_.data(), &slot, sizeof(slot));
  slot_flying_ = true;
  ++stats_.watermark_slots;
  return SubmitSlotWrite();
}

absl::Status Writer::Impl::SubmitSlotWrite() {
  ++stats_.durable_writes;
  return Submit({.kind = Op::Kind::kWriteDurable,
                 .file = active_.file.get(),
                 .offset = (2 + (slot_no_ & 1)) * active_.align,
                 .data = slot_buffer_.span().first(active_.align),
                 .token = kSlotToken});
}

absl::Status Writer::Impl::CompleteSlot(int64_t result) {
  if (result == static_cast<int64_t>(active_.align)) {
    slot_flying_ = false;
    witnessed_seq_ = std::max(witnessed_seq_, slot_target_.seq);
    return absl::OkStatus();
  }
  const bool again = result >= 0 || result == -EAGAIN || result == -EINTR;
  if (again && ++slot_tries_ < kEmptyCompletionsMax) return SubmitSlotWrite();
  slot_flying_ = false;
  return Poison(IoErrorAt(result < 0 ? static_cast<int>(-result) : EIO, "write",
                          active_.file->path(), (2 + (slot_no_ & 1)) * active_.align,
                          active_.align));
}

// Waits once: whoever is woken has something to append, and a slot that is due is written by the
// next call.
absl::Status Writer::Impl::Poll(absl::Duration wait_max) {
  if (!status_.ok() || closed_) return status_;
  RETURN_IF_ERROR(Pump());
  absl::Duration wait = wait_max;
  if (const int64_t due = SlotDueNs(); due != kNever) {
    const absl::Duration until_slot = absl::Nanoseconds(due - storage_->MonotonicNanos());
    if (until_slot <= absl::ZeroDuration()) {
      RETURN_IF_ERROR(SubmitSlot(false));
    } else {
      wait = std::min(wait, until_slot);
    }
  }
  RETURN_IF_ERROR(ReapOnce(wait).status());
  RETURN_IF_ERROR(Pump());
  if (unsubmitted_) return ReapOnce(absl::ZeroDuration()).status();
  return absl::OkStatus();
}

// Until all that was taken is durable.
absl::Status Writer::Impl::Drain() {
  pressed_ = true;
  absl::Status status = Pump();
  while (status.ok() && (busy() || flush_flying_ || written_.bytes != durable_.bytes))
    status = Drive();
  pressed_ = false;
  return status;
}

// The first error is final.
absl::Status Writer::Impl::Poison(const absl::Status& cause) {
  if (!status_.ok()) return status_;
  // A full disk under a file whose every byte was written before is no matter of trying again.
  const auto code = absl::IsResourceExhausted(cause) ? absl::StatusCode::kInternal : cause.code();
  status_ = absl::Status(
      code,
      fmt::format(
          "log {}: failed, takes no more: {}; up to seq {} is released; open it again to go on",
          options_.directory, std::string(cause.message()), released()));
  return status_;
}

}  // namespace stet::wal
