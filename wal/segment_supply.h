// The next segment, made ahead of its use: by a thread, or step by step by whoever drives the writer.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include <absl/status/status.h>

#include "base/mutex.h"
#include "wal/retirement.h"
#include "wal/segment_writer.h"

namespace stet::wal {

// Makes one segment at a time.  One thread, the writer's, calls it.
class SegmentSupply {
 public:
  enum class State : uint8_t { kNone, kWorking, kReady, kFailed };

  // With `threaded`, a thread is started with the first Want and `on_change` is called on it when a segment is ready or has
  // failed.  Without, only Work makes progress.
  SegmentSupply(SegmentIdentity identity, bool threaded, std::function<void()> on_change);
  SegmentSupply(const SegmentSupply&) = delete;
  SegmentSupply& operator=(const SegmentSupply&) = delete;
  ~SegmentSupply();

  // Asks for segment `segno` of at least `bytes`; a smaller one that is being made or ready is given up for it.  After a
  // failure it begins anew, but not at once, so that a full disk is not hammered.
  void Want(uint64_t segno, uint64_t bytes);

  State state() const { return state_.load(std::memory_order_acquire); }

  // Size of the segment that is being made or ready.
  uint64_t bytes() const { return wanted_bytes_; }

  // Why it failed.
  absl::Status error();

  // The segment, if it is ready.
  SegmentFile Take();

  // Retires all segments before `segno`, the oldest first, and keeps some of them for segments that
  // will be wanted.  With a thread it does so, some time; without, it is done on return.
  // Errors: as Retirement::RetireBefore, without a thread; with one see retire_error.
  absl::Status RetireBefore(uint64_t segno);

  bool retire_failed() const { return retire_failed_.load(std::memory_order_relaxed); }

  // The error that ended the last retiring, once; the segments that it left are retired with the
  // next.
  absl::Status TakeRetireError();

  uint64_t retired() const { return retirement_.retired(); }
  uint64_t recycled() const { return recycled_.load(); }

  // No pauses between writes any more: somebody waits.
  void Hurry() { hurry_.store(true, std::memory_order_relaxed); }

  // Without a thread: writes at most about `bytes_max`.
  void Work(uint64_t bytes_max);

 private:
  struct Job {
    uint64_t segno = 0;
    uint64_t bytes = 0;
    uint64_t number = 0;
  };

  void Start(uint64_t segno, uint64_t bytes);
  absl::Status StartThreadOnce();
  void ThreadMain();
  bool NextJob(std::optional<Job>* job, uint64_t* retire_before);
  void Make(const Job& job);
  void Finish(const Job& job, std::unique_ptr<SegmentMaker> maker, absl::Status status);
  bool Obsolete(const Job& job);
  void Pause();

  const SegmentIdentity identity_;
  Retirement retirement_;
  const bool threaded_;
  const std::function<void()> on_change_;

  // The writer's thread alone.
  uint64_t wanted_segno_ = 0;
  uint64_t wanted_bytes_ = 0;
  std::unique_ptr<SegmentMaker> inline_maker_;

  std::atomic<State> state_ = State::kNone;
  std::atomic<int64_t> failed_ns_ = 0;  // when
  std::atomic<bool> hurry_ = false;
  std::atomic<uint64_t> recycled_ = 0;
  std::atomic<bool> retire_failed_ = false;

  Mutex mutex_;
  Condition changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t retire_before_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: nothing is to be retired
  absl::Status retire_error_ ABSL_GUARDED_BY(mutex_);
  bool job_pending_ ABSL_GUARDED_BY(mutex_) = false;
  Job job_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<SegmentMaker> ready_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace stet::wal
