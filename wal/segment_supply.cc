// The next segment, made ahead of its use.
#include "wal/segment_supply.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include "base/status_macros.h"
#include "wal/io/start_thread.h"

namespace stet::wal {
namespace {

// Unhindered, the zeros of the next segment cost commits a tenth of their rate and double their p99: with these pauses they
// take a few hundred MB/s, ahead of any log that is not driven to its limit.
constexpr uint64_t kStepBytes = 256 << 10;
constexpr auto kPause = std::chrono::microseconds(500);

constexpr int64_t kRetryAfterNs = 20'000'000;

}  // namespace

SegmentSupply::SegmentSupply(SegmentIdentity identity, bool threaded,
                             std::function<void()> on_change)
    : identity_(std::move(identity)),
      retirement_(identity_),
      threaded_(threaded),
      on_change_(std::move(on_change)) {}

SegmentSupply::~SegmentSupply() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void SegmentSupply::Want(uint64_t segno, uint64_t bytes) {
  const State now = state();
  const bool same = wanted_segno_ == segno && wanted_bytes_ >= bytes;
  if ((now == State::kWorking || now == State::kReady) && same) return;
  if (now == State::kFailed && threaded_ && same) {
    if (identity_.storage->MonotonicNanos() - failed_ns_.load() < kRetryAfterNs) return;
  }
  Start(segno, bytes);
}

absl::Status SegmentSupply::StartThreadOnce() {
  if (!threaded_ || thread_.joinable()) return absl::OkStatus();
  ASSIGN_OR_RETURN(thread_, StartThread("the log's helper thread", [this] { ThreadMain(); }));
  return absl::OkStatus();
}

void SegmentSupply::Start(uint64_t segno, uint64_t bytes) {
  const absl::Status started = StartThreadOnce();
  wanted_segno_ = segno;
  wanted_bytes_ = bytes;
  hurry_.store(false, std::memory_order_relaxed);
  MutexLock lock(mutex_);
  ready_.reset();
  job_ = {.segno = segno, .bytes = bytes, .number = job_.number + 1};
  if (!started.ok()) {
    error_ = started;
    failed_ns_.store(identity_.storage->MonotonicNanos());
    state_.store(State::kFailed, std::memory_order_release);
    return;
  }
  state_.store(State::kWorking, std::memory_order_release);
  if (!threaded_) {
    inline_maker_.reset();
    inline_maker_ =
        std::make_unique<SegmentMaker>(identity_, segno, bytes, retirement_.TakeSpare(bytes));
    return;
  }
  job_pending_ = true;
  changed_.NotifyAll();
}

absl::Status SegmentSupply::error() {
  MutexLock lock(mutex_);
  return error_;
}

SegmentFile SegmentSupply::Take() {
  MutexLock lock(mutex_);
  assert(state() == State::kReady);
  state_.store(State::kNone, std::memory_order_release);
  SegmentFile segment = ready_->Take();
  ready_.reset();
  return segment;
}

void SegmentSupply::Work(uint64_t bytes_max) {
  if (threaded_ || state() != State::kWorking) return;
  const absl::StatusOr<bool> done = inline_maker_->Step(bytes_max);
  if (done.ok() && !*done) return;
  Job job;
  {
    MutexLock lock(mutex_);
    job = job_;
  }
  Finish(job, std::move(inline_maker_), done.status());
}

void SegmentSupply::ThreadMain() {
  std::optional<Job> job;
  uint64_t retire_before = 0;
  while (NextJob(&job, &retire_before)) {
    if (job) {
      Make(*job);
      continue;
    }
    const absl::Status status = retirement_.RetireBefore(retire_before);
    if (status.ok()) continue;
    {
      MutexLock lock(mutex_);
      retire_error_ = status;
      retire_failed_.store(true);
    }
    on_change_();
  }
}

// A segment to be made comes first: the log may wait for it.  False when it is time to end.
bool SegmentSupply::NextJob(std::optional<Job>* job, uint64_t* retire_before) {
  MutexLock lock(mutex_);
  while (!job_pending_ && retire_before_ == 0 && !stop_) changed_.Wait(mutex_);
  job->reset();
  if (job_pending_) {
    *job = job_;
  } else {
    *retire_before = std::exchange(retire_before_, 0);
  }
  job_pending_ = false;
  return !stop_;
}

absl::Status SegmentSupply::RetireBefore(uint64_t segno) {
  if (!threaded_) return retirement_.RetireBefore(segno);
  RETURN_IF_ERROR(StartThreadOnce());
  MutexLock lock(mutex_);
  retire_before_ = std::max(retire_before_, segno);
  changed_.NotifyAll();
  return absl::OkStatus();
}

absl::Status SegmentSupply::TakeRetireError() {
  MutexLock lock(mutex_);
  retire_failed_.store(false);
  return std::exchange(retire_error_, absl::OkStatus());
}

void SegmentSupply::Make(const Job& job) {
  auto maker = std::make_unique<SegmentMaker>(identity_, job.segno, job.bytes,
                                              retirement_.TakeSpare(job.bytes));
  while (!Obsolete(job)) {
    const absl::StatusOr<bool> done = maker->Step(kStepBytes);
    if (!done.ok() || *done) return Finish(job, std::move(maker), done.status());
    Pause();
  }
}

void SegmentSupply::Finish(const Job& job, std::unique_ptr<SegmentMaker> maker,
                           absl::Status status) {
  {
    MutexLock lock(mutex_);
    if (job.number != job_.number) return;
    error_ = status;
    if (!status.ok()) failed_ns_.store(identity_.storage->MonotonicNanos());
    // A maker that failed is dropped here: it removes its file, before anybody may begin the next.
    if (status.ok() && maker->recycled()) ++recycled_;
    if (status.ok()) ready_ = std::move(maker);
    maker.reset();
    state_.store(status.ok() ? State::kReady : State::kFailed, std::memory_order_release);
  }
  on_change_();
}

bool SegmentSupply::Obsolete(const Job& job) {
  MutexLock lock(mutex_);
  return stop_ || job.number != job_.number;
}

void SegmentSupply::Pause() {
  MutexLock lock(mutex_);
  if (!stop_ && !hurry_.load(std::memory_order_relaxed)) changed_.WaitFor(mutex_, kPause);
}

}  // namespace stet::wal
