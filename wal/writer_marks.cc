// The writer's watermarks, and what has to be flushed or witnessed so that they reach what was asked for.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "wal/writer_impl.h"

namespace stet::wal {

uint64_t Writer::Impl::Mark(Durability durability) const {
  switch (durability) {
    case Durability::kMemory:
      return next_seq_ - 1;
    case Durability::kOs:
    case Durability::kInterval:
      return written_seq_;
    case Durability::kCommit:
      return durable_.seq;
    case Durability::kWitness:
      return witnessed_.seq;
  }
  return durable_.seq;
}

// Releases are in order: the first group that asked for more and has not got it holds back the rest.
uint64_t Writer::Impl::released() const {
  const uint64_t mark = Mark(options_.durability);
  return strengthened_.empty() ? mark : std::min(mark, strengthened_.front().first_seq - 1);
}

Watermarks Writer::Impl::watermarks() const {
  return {.appended = next_seq_ - 1,
          .written = written_seq_,
          .durable = durable_.seq,
          .witnessed = witnessed_.seq};
}

uint64_t Writer::Impl::released_offset() const {
  if (options_.durability == Durability::kWitness) return OffsetOf(witnessed_.lsn);
  return OffsetOf(options_.durability == Durability::kCommit ? durable_.lsn : written_.lsn);
}

// Whether a batch is durable when its write is through.
bool Writer::Impl::DurableByWrite() const {
  return options_.durability >= Durability::kCommit && operation_ != Operation::kWriteThenFlush;
}

// In order: a batch counts when all before it do.
void Writer::Impl::AdvanceWritten() {
  while (!flying_.empty() && flying_.front().stage == PendingBatch::Stage::kDone) {
    PendingBatch batch = std::move(flying_.front());
    flying_.pop_front();
    written_ = batch.end;
    written_seq_ = std::max(written_seq_, written_.seq);
    if (DurableByWrite()) {
      buffers_.Give(std::move(batch.buffer));
      AdvanceDurable(written_);
    } else {
      Hold(std::move(batch));
    }
  }
  SettleStrengthened();
}

// What is not durable may have to be written again, elsewhere.
void Writer::Impl::Hold(PendingBatch batch) {
  // For long, where nothing is flushed soon: a small batch does not keep a large buffer.
  const bool small = batch.buffer.size() >= 2 * batch.bytes;
  if (small && options_.durability < Durability::kCommit) {
    AlignedBuffer compact(batch.bytes, place_align_);
    std::memcpy(compact.data(), batch.buffer.data(), batch.used);
    buffers_.Give(std::exchange(batch.buffer, std::move(compact)));
  }
  held_.push_back(std::move(batch));
}

void Writer::Impl::AdvanceDurable(const LogPosition& position) {
  assert(position.lsn >= durable_.lsn && position.seq >= durable_.seq);
  assert(position.bytes <= written_.bytes);
  durable_ = position;
  if (durable_.seq > durable_end_.seq && durable_.bytes != 0) {
    durable_end_ = {.seq = durable_.seq, .lsn = durable_.lsn, .batch_id = IdOf(durable_.batch_id)};
  }
  while (!held_.empty() && held_.front().end.bytes <= durable_.bytes) {
    if (options_.durability >= Durability::kCommit) MeasureLatency(held_.front());
    buffers_.Give(std::move(held_.front().buffer));
    held_.pop_front();
  }
  AdvanceWitnessed(position.witness);
}

void Writer::Impl::AdvanceWitnessed(const WitnessMark& mark) {
  if (mark.lsn > witnessed_.lsn) witnessed_ = mark;
  SettleStrengthened();
}

void Writer::Impl::SettleStrengthened() {
  while (!strengthened_.empty() &&
         Mark(strengthened_.front().at_least) >= strengthened_.front().last_seq) {
    strengthened_.pop_front();
  }
}

// Whether a group up to `last_seq` still asks for `durability` or more.
bool Writer::Impl::IsAsked(Durability durability, uint64_t last_seq) const {
  const auto asks =
      std::find_if(strengthened_.begin(), strengthened_.end(), [&](const Strengthened& group) {
        return group.at_least >= durability && Mark(durability) < group.last_seq;
      });
  return asks != strengthened_.end() && asks->last_seq <= last_seq;
}

bool Writer::Impl::WantsFlush() const {
  if (flush_flying_ || written_.bytes == durable_.bytes) return false;
  const uint64_t bytes = written_.bytes - durable_.bytes;
  // Early enough that what is written meanwhile still fits.
  if (bytes >= options_.inflight_bytes_max / 2) return true;
  // One flush for all writes that were under way together.
  if (options_.durability >= Durability::kCommit) return flying_.empty();
  if (pressed_ && flying_.empty()) return true;
  if (IsAsked(Durability::kCommit, written_.seq)) return true;
  if (!InInterval()) return false;
  return bytes >= options_.flush_bytes || FlushDueNs() <= storage_->MonotonicNanos();
}

// Whether some of what is written is to be flushed at the interval.
bool Writer::Impl::InInterval() const {
  return options_.durability == Durability::kInterval || interval_seq_ > durable_.seq;
}

// When the oldest written byte has waited for the flush interval.
int64_t Writer::Impl::FlushDueNs() const {
  if (!InInterval() || flush_flying_ || held_.empty()) return kNever;
  if (options_.flush_interval == absl::InfiniteDuration()) return kNever;
  return held_.front().written_ns + absl::ToInt64Nanoseconds(options_.flush_interval);
}

// Whether a slot has to say what no batch on its way says.
bool Writer::Impl::WantsWitness() const {
  if (slot_flying_ || durable_.seq == witnessed_.seq) return false;
  if (options_.durability == Durability::kWitness) {
    const auto names_all = [this](const std::deque<PendingBatch>& batches) {
      return !batches.empty() && batches.back().end.witness.seq >= durable_.seq;
    };
    return !names_all(flying_) && !names_all(held_);
  }
  return IsAsked(Durability::kWitness, durable_.seq);
}

// When the next watermark slot is to be written: the log must have fallen idle with something new to say.
int64_t Writer::Impl::SlotDueNs() const {
  if (busy() || slot_flying_ || durable_.lsn == slot_target_.lsn) return kNever;
  if (options_.idle_watermark == absl::InfiniteDuration()) return kNever;
  return last_ack_ns_ + absl::ToInt64Nanoseconds(options_.idle_watermark);
}

}  // namespace stet::wal
