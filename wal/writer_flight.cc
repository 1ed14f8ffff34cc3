// The writer's operations on the disk, from sealing a batch to its end.
#include <errno.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/io/io_error.h"
#include "wal/writer_impl.h"

namespace stet::wal {
namespace {

// Completions of nothing, one after the other, that are still taken for a busy kernel.
constexpr int kEmptyCompletionsMax = 16;

constexpr uint64_t kFlushToken = 1;
constexpr uint64_t kSlotToken = 2;
constexpr uint64_t kFirstBatchToken = 3;

}  // namespace

absl::Status Writer::Impl::Submit(const Op& op) {
  unsubmitted_ = true;
  const absl::Status status = queue_->Submit({&op, 1});
  if (!status.ok()) return Fail(WriterFailure::Kind::kQueue, status);
  ++ops_flying_;
  return status;
}

void Writer::Impl::SealForFlight(PendingBatch* batch) {
  std::memset(batch->buffer.data() + batch->used, 0, batch->bytes - batch->used);
  const uint64_t lsn = active_.lsn(batch->offset);
  const bool relaxed = options_.durability < Durability::kCommit;
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
                .batch_lsn = lsn,
                .batch_id = header.batch_id,
                .witness = {.lsn = durable_.lsn, .seq = durable_.seq},
                .bytes = before + batch->bytes};
  sealed_end_lsn_ = batch->end.lsn;
  batch->token = kFirstBatchToken + next_token_++;
  batch->submitted_ns = storage_->MonotonicNanos();
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
  // The rest of a short write is flushed for itself.
  const bool whole = batch->stage == PendingBatch::Stage::kWriting;
  if (DurableByWrite() && whole) {
    const bool linked = operation_ == Operation::kLinkedFlush;
    op.kind = linked ? Op::Kind::kWriteLinkedFlush : Op::Kind::kWriteDurable;
    ++(linked ? stats_.flushes : stats_.durable_writes);
  }
  // On a block: what precedes in it is of this batch and is written once more.
  const uint64_t from = batch->done_bytes / active_.align * active_.align;
  op.offset = batch->offset + from;
  op.data = batch->buffer.span().subspan(from, batch->bytes - from);
  return Submit(op);
}

absl::Status Writer::Impl::SubmitFlush() {
  flush_flying_ = true;
  flush_target_ = written_;
  ++stats_.flushes;
  return Submit({.kind = Op::Kind::kFlush, .file = active_.file.get(), .token = kFlushToken});
}

absl::Status Writer::Impl::Complete(const Completion& completion) {
  assert(ops_flying_ > 0);
  --ops_flying_;
  // A flush that succeeds behind one that failed proves nothing.
  if (failing_) return absl::OkStatus();
  if (completion.token == kSlotToken) return CompleteSlot(completion.result);
  if (completion.token == kFlushToken) return CompleteFlush(completion.result);
  const auto batch = std::find_if(flying_.begin(), flying_.end(), [&](const PendingBatch& flying) {
    return flying.token == completion.token;
  });
  assert(batch != flying_.end());
  return CompleteBatch(&*batch, completion.result);
}

absl::Status Writer::Impl::CompleteFlush(int64_t result) {
  flush_flying_ = false;
  if (result < 0) {
    return Fail(WriterFailure::Kind::kFlush,
                IoError(static_cast<int>(-result), "flush", active_.file->path()));
  }
  AdvanceDurable(flush_target_);
  return absl::OkStatus();
}

absl::Status Writer::Impl::CompleteBatch(PendingBatch* batch, int64_t result) {
  using Stage = PendingBatch::Stage;
  const bool flush = batch->stage == Stage::kFlushing;
  const bool busy = !flush && (result == -EAGAIN || result == -EINTR);
  if ((result < 0 && !busy) || batch->empty_completions >= kEmptyCompletionsMax) {
    const int error = result < 0 ? static_cast<int>(-result) : EIO;
    if (flush) {
      return Fail(WriterFailure::Kind::kFlush, IoError(error, "flush", active_.file->path()));
    }
    return Fail(WriterFailure::Kind::kWrite,
                IoErrorAt(error, "write", active_.file->path(), batch->offset + batch->done_bytes,
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
    if (batch->stage == Stage::kRest && DurableByWrite()) {
      batch->stage = Stage::kFlushing;
      return SubmitPart(batch);
    }
  }
  batch->stage = Stage::kDone;
  batch->written_ns = storage_->MonotonicNanos();
  const bool flushed_later = options_.durability >= Durability::kCommit && !DurableByWrite();
  if (!flushed_later) MeasureLatency(*batch);
  AdvanceWritten();
  return absl::OkStatus();
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
    AdvanceWitnessed({.lsn = slot_target_.lsn, .seq = slot_target_.seq});
    return absl::OkStatus();
  }
  const bool again = result >= 0 || result == -EAGAIN || result == -EINTR;
  if (again && ++slot_tries_ < kEmptyCompletionsMax) return SubmitSlotWrite();
  slot_flying_ = false;
  return Fail(WriterFailure::Kind::kWrite,
              IoErrorAt(result < 0 ? static_cast<int>(-result) : EIO, "write", active_.file->path(),
                        (2 + (slot_no_ & 1)) * active_.align, active_.align));
}

}  // namespace stet::wal
