// The writer's turn: what is ready is submitted, what completed is taken in.
#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "base/status_macros.h"
#include "wal/writer_impl.h"

namespace stet::wal {
namespace {

// While a batch flies the next one gathers up to this size before it follows.
constexpr uint64_t kFollowBytes = 64 << 10;

// A caller that appends this much without a Poll is filling the log: what it has so far flies.
constexpr uint64_t kAheadBytes = 256 << 10;

// A log that has written this much will write more.
constexpr uint64_t kBusyBytes = 64 << 20;

// A caller that needs less than this part of a batch's time to come back is waited for.
constexpr int64_t kQuickTurn = 4;

constexpr absl::Duration kDriveWait = absl::Milliseconds(100);

// Between two tries to make a segment on a full disk.
constexpr absl::Duration kSupplyWait = absl::Milliseconds(50);

constexpr size_t kReapMax = 32;

}  // namespace

// Submits what may fly, and what watermarks need.
absl::Status Writer::Impl::Pump(Gather gather) {
  NoticeSupply();
  if (failing_) RETURN_IF_ERROR(FailOver());
  while (!failing_ && HasNext(gather)) {
    const PendingBatch& next = ready_.front();
    if (next.segno != active_.header.segno) {
      if (!flying_.empty() || flush_flying_ || slot_flying_) break;
      RETURN_IF_ERROR(Rotate());
      continue;
    }
    if (next.offset + next.bytes - OffsetOf(durable_.lsn) > options_.inflight_bytes_max) break;
    RETURN_IF_ERROR(SubmitNext());
  }
  if (failing_) return absl::OkStatus();
  if (WantsFlush()) RETURN_IF_ERROR(SubmitFlush());
  const bool open_follows = gather == Gather::kYes && !open_.empty();
  if (WantsWitness() && !open_follows) return SubmitSlot(false);
  const int64_t due = SlotDueNs();
  return due != kNever && due <= storage_->MonotonicNanos() ? SubmitSlot(false) : absl::OkStatus();
}

// Whether a batch is to be submitted now; it is closed then.
//
// What decides is whether the next batch could still gain.  One that is full cannot: it flies, however
// many do already.  One that takes more records gains more by gathering them than by flying beside
// another, whose flush its own would queue behind; only when it is large does the time that it could
// use of the disk weigh more, and then a few in flight use all of it.
bool Writer::Impl::HasNext(Gather gather) {
  // Those that one flush will serve together count until it is through.
  const bool flushed_together =
      options_.durability >= Durability::kCommit && operation_ == Operation::kWriteThenFlush;
  const size_t under_way = flying_.size() + (flushed_together ? held_.size() : 0);
  if (under_way >= queue_->depth() - kOtherOps) return false;
  if (!ready_.empty()) return under_way < options_.batches_in_flight_max;
  const bool lazy =
      options_.durability == Durability::kMemory && !pressed_ && strengthened_.empty();
  if (open_.empty() || lazy) return false;
  if (open_.full()) {
    if (under_way >= options_.batches_in_flight_max) return false;
  } else if (under_way > 0 || gather == Gather::kYes) {
    if (open_.used < kFollowBytes || under_way >= options_.batches_in_flight_min) return false;
  }
  CloseBatch();
  return true;
}

absl::Status Writer::Impl::SubmitNext() {
  flying_.push_back(std::move(ready_.front()));
  ready_.pop_front();
  PendingBatch& batch = flying_.back();
  SealForFlight(&batch);
  assert(batch.end.lsn - durable_.lsn <= options_.inflight_bytes_max);
  const uint64_t end = batch.offset + batch.bytes;
  if (end >= active_.bytes() / 4) WantNext();
  if (end >= active_.bytes() / 2) supply_->Hurry();
  ++stats_.batches;
  stats_.written_bytes += batch.bytes;
  if (stats_.written_bytes >= kBusyBytes) buffers_.MakeRegion(queue_.get());
  stats_.batches_in_flight_peak =
      std::max(stats_.batches_in_flight_peak, static_cast<uint32_t>(flying_.size()));
  return SubmitPart(&batch);
}

absl::StatusOr<size_t> Writer::Impl::ReapOnce(absl::Duration wait_max) {
  std::array<Completion, kReapMax> completions;
  unsubmitted_ = false;
  const absl::StatusOr<size_t> count = queue_->Reap(completions, wait_max);
  if (!count.ok()) return Fail(WriterFailure::Kind::kQueue, count.status());
  if (*count > 0) last_ack_ns_ = storage_->MonotonicNanos();
  for (size_t i = 0; i < *count; ++i) RETURN_IF_ERROR(Complete(completions[i]));
  return *count;
}

// How long nothing is to be done but to wait.
absl::Duration Writer::Impl::UntilDue() const {
  absl::Duration wait = absl::InfiniteDuration();
  if (supply_failed_ && options_.helper_thread) wait = kSupplyWait;
  // Of a segment that failed nothing is flushed any more.
  const int64_t due = failing_ ? kNever : std::min(FlushDueNs(), SlotDueNs());
  if (due != kNever) wait = std::min(wait, absl::Nanoseconds(due - storage_->MonotonicNanos()));
  return std::max(wait, absl::ZeroDuration());
}

void Writer::Impl::MeasureLatency(const PendingBatch& batch) {
  const int64_t latency = storage_->MonotonicNanos() - batch.submitted_ns;
  latency_ns_ = latency_ns_ == 0 ? latency : latency_ns_ + (latency - latency_ns_) / 8;
}

// From the last release to this call.
void Writer::Impl::MeasureTurn() {
  if (released_ns_ == 0) return;
  const int64_t turn = storage_->MonotonicNanos() - released_ns_;
  turn_ns_ += (turn - turn_ns_) / 4;
  released_ns_ = 0;
}

// Waits once: whoever is woken has something to append, and a slot that is due is written by the
// next call.
absl::Status Writer::Impl::Poll(absl::Duration wait_max) {
  if (!status_.ok() || closed_) return status_;
  MeasureTurn();
  RETURN_IF_ERROR(Pump(Gather::kNo));
  const uint64_t before = released();
  RETURN_IF_ERROR(ReapOnce(std::min(wait_max, UntilDue())).status());
  // Whoever waited for this release and is quick about it appends again at once: with what has
  // gathered already that makes one batch, where two halves would take turns for ever.
  const bool news = released() != before;
  const bool quick = turn_ns_ * kQuickTurn < latency_ns_;
  RETURN_IF_ERROR(Pump(news && quick ? Gather::kYes : Gather::kNo));
  if (news) released_ns_ = last_ack_ns_;
  if (unsubmitted_) return ReapOnce(absl::ZeroDuration()).status();
  return absl::OkStatus();
}

// Submits what there is while its caller goes on appending.  An error is the writer's status, which
// the next call returns.
void Writer::Impl::FlyAhead() {
  const bool enough = !ready_.empty() || open_.used >= kAheadBytes;
  if (!enough || !flying_.empty()) return;
  if (options_.durability == Durability::kMemory && !pressed_) return;
  const absl::Status status = Pump(Gather::kNo);
  if (status.ok() && unsubmitted_) ReapOnce(absl::ZeroDuration()).status().IgnoreError();
}

// Goes on with what is on its way, and waits for some of it.
absl::Status Writer::Impl::Drive() {
  RETURN_IF_ERROR(Pump(Gather::kNo));
  RETURN_IF_ERROR(ReapOnce(std::min(kDriveWait, UntilDue())).status());
  return Pump(Gather::kNo);
}

// Until all that was taken is durable, and released.
absl::Status Writer::Impl::Drain() {
  const auto unfinished = [this] {
    return failing_ || busy() || flush_flying_ || written_.bytes != durable_.bytes ||
           !strengthened_.empty() ||
           (options_.durability == Durability::kWitness && witnessed_.seq != durable_.seq);
  };
  pressed_ = true;
  absl::Status status = Pump(Gather::kNo);
  while (status.ok() && unfinished()) status = Drive();
  pressed_ = false;
  return status;
}

}  // namespace stet::wal
