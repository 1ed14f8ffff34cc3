// The log's thread: takes what producers added, drives the writer, wakes who waits.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/status_macros.h"
#include "wal/io/futex.h"
#include "wal/log_impl.h"

namespace stet::wal {
namespace {

constexpr absl::Duration kIdleWait = absl::Seconds(60);

// Between two tries to write what the full disk did not take.
constexpr absl::Duration kFullWait = absl::Milliseconds(50);

// While a batch flies the thread comes back by itself; for this much it is worth the interruption.
constexpr uint64_t kWakeBytes = 64 << 10;

// How long those who were just woken may take to come back with their next groups.
constexpr absl::Duration kGatherMax = absl::Microseconds(200);

// If they do not come back, only one gathering in 2^n is tried.
constexpr uint32_t kGathersMissedMax = 8;

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

}  // namespace

void Log::Impl::ThreadMain() {
  if (!StartWriter()) return writer_->Stop();
  while (TakeStaged()) {
    AppendTaken();
    AnswerRetire();
    // Released already: the wait that follows may be long.
    if (options_.durability == Durability::kMemory && Publish()) rounds_.WakeReleased();
    // An error is the writer's status, which Publish sees.
    writer_->Poll(PollWait()).IgnoreError();
    sleep_.store(kAwake);
    if (!Publish() || NextBatchFirst()) continue;
    Gather(rounds_.WakeReleased());
  }
  Finish();
  MutexLock lock(mutex_);
  // A producer may still be about to wake the queue.
  while (!gone_) changed_.Wait(mutex_);
  writer_->Stop();
}

bool Log::Impl::StartWriter() {
  const absl::Status status = writer_->Start();
  if (status.ok()) {
    taken_seq_ = writer_->next_seq() - 1;
    buffer_.Start(writer_->next_seq());
    seen_rotations_ = kNoLimit;
    Publish();
  }
  MutexLock lock(mutex_);
  start_status_ = status;
  started_ = true;
  ended_ = !status.ok();
  changed_.NotifyAll();
  return status.ok();
}

// Takes what was added, unless some of the last round is left.  False when it is time to end.
bool Log::Impl::TakeStaged() {
  bool ending = false;
  {
    MutexLock lock(mutex_);
    while (!status_.ok() && !stop_) changed_.Wait(mutex_);
    if (!status_.ok()) return false;
    ending = stop_;
  }
  if (buffer_.Front() != nullptr) return !ending;
  if (rounds_.full()) return true;
  const uint64_t last_seq = buffer_.Take();
  if (last_seq == 0) return !ending;
  taken_seq_ = last_seq;
  rounds_.Take(last_seq);
  if (waiting_for_room_.load() > 0) {
    MutexLock lock(mutex_);
    room_.NotifyAll();
  }
  return true;
}

void Log::Impl::AppendTaken() {
  absl::Status status;
  while (const GroupBuffer::Group* group = buffer_.Front()) {
    status = writer_
                 ->AppendEncoded(group->records, group->count, group->payload_bytes,
                                 group->state_digest, 1, group->at_least)
                 .status();
    if (!status.ok()) break;
    buffer_.PopFront();
  }
  const bool full = absl::IsResourceExhausted(status);
  if (status.ok() && !failing_.load()) return;
  {
    MutexLock lock(mutex_);
    full_ = full ? status : absl::OkStatus();
    if (!status.ok() && !full && status_.ok()) status_ = status;
    failing_.store(!full_.ok() || !status_.ok());
    if (failing_.load()) buffer_.Close();
    if (!failing_.load() && !stop_) buffer_.Reopen();
    room_.NotifyAll();
    changed_.NotifyAll();
  }
  rounds_.WakeAll();
}

void Log::Impl::AnswerRetire() {
  RetireRequest* request = nullptr;
  {
    MutexLock lock(mutex_);
    if (retire_ == nullptr || !status_.ok()) return;
    request = std::exchange(retire_, nullptr);
  }
  absl::Status status = writer_->Retire(request->anchor);
  // The next plan leaves out what is gone.
  seen_rotations_ = kNoLimit;
  Publish();
  MutexLock lock(mutex_);
  request->status = std::move(status);
  request->answered = true;
  changed_.NotifyAll();
}

// How long there may be nothing to do; if that is long, producers know that they have to wake us.
absl::Duration Log::Impl::PollWait() {
  MutexLock lock(mutex_);
  // What is on its way completes without anybody's help, and only that makes room for a round.
  const bool untakable = rounds_.full();
  if (!status_.ok() || retire_ != nullptr || batch_first_ || (stop_ && !untakable))
    return absl::ZeroDuration();
  if (!full_.ok()) return kFullWait;
  // What is open will fly with the next call, but in mode memory: there it may stay for long.
  const bool flying = writer_->busy() && options_.durability != Durability::kMemory;
  const bool asleep = FallAsleep(kInPoll, flying || untakable ? kNoLimit : taken_seq_ + 1,
                                 untakable ? kNoLimit : kWakeBytes);
  return asleep ? kIdleWait : absl::ZeroDuration();
}

// From now on a producer that adds this seq, or fills the buffer this far, wakes the thread.  False
// if that has happened already.
bool Log::Impl::FallAsleep(Sleep how, uint64_t wake_seq, uint64_t wake_bytes) {
  wake_seq_.store(wake_seq);
  wake_bytes_.store(wake_bytes);
  sleep_.store(how);
  if (buffer_.next_seq() <= wake_seq && buffer_.used() < wake_bytes) return true;
  sleep_.store(kAwake);
  return false;
}

// Tells everybody how far the log is.  Returns whether there may be sleepers to be woken for it.
bool Log::Impl::Publish() {
  const absl::Status status = writer_->status();
  const uint64_t released = writer_->released();
  WriterStats stats = writer_->stats();
  {
    MutexLock lock(mutex_);
    released_.store(released);
    watermarks_ = writer_->watermarks();
    stats_ = std::move(stats);
    if (seen_rotations_ != writer_->rotations()) plan_ = writer_->Plan();
    seen_rotations_ = writer_->rotations();
    plan_.segments.back().end_offset = writer_->released_offset();
    if (!status.ok() && status_.ok()) {
      status_ = status;
      failing_.store(true);
      buffer_.Close();
      room_.NotifyAll();
      changed_.NotifyAll();
    }
  }
  if (!status.ok()) rounds_.WakeAll();
  return rounds_.Release(released);
}

// If enough gathered while a batch flew, it goes to the disk before the sleepers are woken: with
// many of them that takes as long as a write.
bool Log::Impl::NextBatchFirst() {
  const uint64_t gathered = buffer_.next_seq() - 1 - taken_seq_;
  batch_first_ = !batch_first_ && gathered > 0 && 2 * gathered >= rounds_.released_records();
  return batch_first_;
}

// Those who were woken are about to add their next groups.  Waits until half of them did, so that
// the next batch is not the first comer's alone while all others wait for it; from then on two
// halves take turns, one awake while the other's batch flies.
void Log::Impl::Gather(uint64_t woken) {
  if (woken < 2 || writer_->busy()) return;
  if (gathers_skipped_ > 0) {
    --gathers_skipped_;
    return;
  }
  const uint64_t target = taken_seq_ + (woken + 1) / 2;
  if (FallAsleep(kGathering, target, kWakeBytes)) FutexWait(&sleep_, kGathering, kGatherMax);
  sleep_.store(kAwake);
  const bool came = buffer_.next_seq() > target || buffer_.used() >= kWakeBytes;
  gathers_missed_ = came ? 0 : std::min(gathers_missed_ + 1, kGathersMissedMax);
  gathers_skipped_ = (1U << gathers_missed_) - 1;
}

// All that was added becomes durable, or everybody learns why not.
void Log::Impl::Finish() {
  const absl::Status closed = writer_->Close();
  Publish();
  {
    MutexLock lock(mutex_);
    close_status_ = !status_.ok() ? status_ : !full_.ok() ? full_ : closed;
    ended_ = true;
    failing_.store(true);
    buffer_.Close();
    changed_.NotifyAll();
  }
  rounds_.WakeAll();
}

}  // namespace stet::wal
