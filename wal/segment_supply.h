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
  std::optional<Job> NextJob();
  void Make(const Job& job);
  void Finish(const Job& job, std::unique_ptr<SegmentMaker> maker, absl::Status status);
  bool Obsolete(const Job& job);
  void Pause();

  const SegmentIdentity identity_;
  const bool threaded_;
  const std::function<void()> on_change_;

  // The writer's thread alone.
  uint64_t wanted_segno_ = 0;
  uint64_t wanted_bytes_ = 0;
  std::unique_ptr<SegmentMaker> inline_maker_;

  std::atomic<State> state_ = State::kNone;
  std::atomic<int64_t> failed_ns_ = 0;  // when
  std::atomic<bool> hurry_ = false;

  Mutex mutex_;
  Condition changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool job_pending_ ABSL_GUARDED_BY(mutex_) = false;
  Job job_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<SegmentMaker> ready_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace stet::wal
