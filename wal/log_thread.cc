// The log's thread: takes what was staged, drives the writer, wakes who waits.
#include <utility>

#include "base/status_macros.h"
#include "wal/log_impl.h"

namespace stet::wal {
namespace {

constexpr absl::Duration kIdleWait = absl::Seconds(60);

// Between two tries to write what the full disk did not take.
constexpr absl::Duration kFullWait = absl::Milliseconds(50);

}  // namespace

void Log::Impl::ThreadMain() {
  absl::Status status = writer_->Start();
  {
    MutexLock lock(mutex_);
    start_status_ = status;
    started_ = true;
    if (status.ok()) next_seq_ = writer_->next_seq();
    ended_ = !status.ok();
    changed_.NotifyAll();
  }
  if (!status.ok()) return writer_->Stop();
  seen_rotations_ = ~uint64_t{0};
  Publish();
  while (TakeStaged()) {
    AppendTaken();
    // Released already: the wait that follows may be long.
    if (options_.durability == Durability::kMemory) Publish();
    status = writer_->Poll(PollWait());
    Publish();
  }
  Finish();
}

// Takes what is staged, unless some of the last round is left.  False when it is time to end.
bool Log::Impl::TakeStaged() {
  MutexLock lock(mutex_);
  thread_state_ = Thread::kBusy;
  while (!status_.ok() && !stop_) changed_.Wait(mutex_);
  if (!status_.ok()) return false;
  if (taken_chunks_ < taken_.chunks().size()) return !stop_;
  taken_.Clear();
  taken_chunks_ = 0;
  if (staged_.empty()) return !stop_;
  std::swap(taken_, staged_);
  rounds_.push_back({.number = round_++, .last_seq = next_seq_ - 1});
  if (waiting_for_room_ > 0) room_.NotifyAll();
  return true;
}

void Log::Impl::AppendTaken() {
  absl::Status status;
  while (taken_chunks_ < taken_.chunks().size()) {
    const Staging::Chunk& chunk = taken_.chunks()[taken_chunks_];
    status = writer_
                 ->AppendEncoded(taken_.BytesOf(chunk), chunk.records, chunk.payload_bytes,
                                 chunk.state_digest, chunk.groups)
                 .status();
    if (!status.ok()) break;
    ++taken_chunks_;
  }
  const bool full = absl::IsResourceExhausted(status);
  if (status.ok() && !failing_.load()) return;
  {
    MutexLock lock(mutex_);
    full_ = full ? status : absl::OkStatus();
    if (!status.ok() && !full && status_.ok()) status_ = status;
    failing_.store(!full_.ok() || !status_.ok());
    if (waiting_for_room_ > 0) room_.NotifyAll();
  }
  WakeAll();
}

// How long there may be nothing to do; producers are told whether the thread has to be woken.
absl::Duration Log::Impl::PollWait() {
  MutexLock lock(mutex_);
  if (stop_) return absl::ZeroDuration();
  if (!full_.ok()) return kFullWait;
  if (!staged_.empty() && status_.ok()) return absl::ZeroDuration();
  thread_state_ = writer_->flying() ? Thread::kFlying : Thread::kIdle;
  return kIdleWait;
}

// Tells everybody how far the log is, and wakes those whose round is released.
void Log::Impl::Publish() {
  const absl::Status status = writer_->status();
  const uint64_t released = writer_->released();
  uint64_t first = 0;
  uint64_t last = 0;
  {
    MutexLock lock(mutex_);
    released_.store(released, std::memory_order_release);
    watermarks_ = writer_->watermarks();
    stats_ = writer_->stats();
    if (seen_rotations_ != writer_->rotations()) plan_ = writer_->Plan();
    seen_rotations_ = writer_->rotations();
    plan_.segments.back().end_offset = writer_->released_offset();
    first = rounds_.empty() ? 0 : rounds_.front().number;
    last = first;
    while (!rounds_.empty() && rounds_.front().last_seq <= released) {
      last = rounds_.front().number + 1;
      rounds_.pop_front();
    }
    if (!status.ok() && status_.ok()) {
      status_ = status;
      failing_.store(true);
      if (waiting_for_room_ > 0) room_.NotifyAll();
    }
  }
  if (!status.ok()) return WakeAll();
  for (uint64_t round = first; round < last; ++round) {
    words_[round % kWords].fetch_add(1);
    words_[round % kWords].notify_all();
  }
}

void Log::Impl::WakeAll() {
  for (std::atomic<uint32_t>& word : words_) {
    word.fetch_add(1);
    word.notify_all();
  }
}

// All that was staged becomes durable, or everybody learns why not.
void Log::Impl::Finish() {
  const absl::Status closed = writer_->Close();
  Publish();
  {
    MutexLock lock(mutex_);
    close_status_ = !status_.ok() ? status_ : !full_.ok() ? full_ : closed;
    ended_ = true;
    failing_.store(true);
    changed_.NotifyAll();
  }
  WakeAll();
  writer_->Stop();
}

}  // namespace stet::wal
