// The log's state: what producers staged, who waits, and the thread that drives the writer.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <thread>

#include "base/mutex.h"
#include "stet/wal/log.h"
#include "wal/staging.h"
#include "wal/writer_impl.h"

namespace stet::wal {

// Producers encode their groups into `staged_`; the thread takes all of it at once and appends it.  Who waits, waits for the
// round in which his group was taken: one wake-up of one word serves all of a round, and nobody else.
class Log::Impl {
 public:
  explicit Impl(const Options& options);
  ~Impl();

  // Starts the thread and, on it, the writer.
  absl::Status Start(RecoveredLog recovered);

  absl::StatusOr<uint64_t> Append(std::span<const NewRecord> group, uint64_t state_digest);
  absl::Status Sync(uint64_t seq);
  absl::StatusOr<Reader> NewReader(uint64_t from_seq);
  absl::Status Close();

  uint64_t released() const { return released_.load(std::memory_order_acquire); }
  Watermarks watermarks();
  WriterStats stats();
  const RecoveryReport& recovery() const { return writer_->recovered().report(); }

 private:
  static constexpr size_t kWords = 16;

  // Groups that were taken together, and the word that those wait on who need them.
  struct Round {
    uint64_t number = 0;
    uint64_t last_seq = 0;
  };
  enum class Thread : uint8_t { kBusy, kFlying, kIdle };

  // Producers.
  absl::Status WaitForStaging(uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Refusal() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t RoundOf(uint64_t seq) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // The thread.
  void ThreadMain();
  bool TakeStaged();
  void AppendTaken();
  absl::Duration PollWait();
  void Publish();
  void WakeAll();
  void Finish();

  const Options options_;
  std::unique_ptr<Writer::Impl> writer_;  // the thread's, but for Wake
  std::thread thread_;

  std::atomic<uint64_t> released_ = 0;
  std::atomic<bool> failing_ = false;  // some status below is not OK
  std::array<std::atomic<uint32_t>, kWords> words_ = {};

  // The thread alone.
  Staging taken_;
  size_t taken_chunks_ = 0;  // already appended
  uint64_t seen_rotations_ = 0;

  Mutex mutex_;
  Condition room_;     // in staged_
  Condition changed_;  // the thread has started, is to stop, has ended
  Staging staged_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_seq_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t round_ ABSL_GUARDED_BY(mutex_) = 0;  // that staged_ will be
  std::deque<Round> rounds_ ABSL_GUARDED_BY(mutex_);
  int waiting_for_room_ ABSL_GUARDED_BY(mutex_) = 0;
  Thread thread_state_ ABSL_GUARDED_BY(mutex_) = Thread::kBusy;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status start_status_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);  // final
  absl::Status full_ ABSL_GUARDED_BY(mutex_);    // no space, for as long as that lasts
  absl::Status close_status_ ABSL_GUARDED_BY(mutex_);
  ReadPlan plan_ ABSL_GUARDED_BY(mutex_);
  Watermarks watermarks_ ABSL_GUARDED_BY(mutex_);
  WriterStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stet::wal
