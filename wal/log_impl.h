// The log's state: what producers staged, who waits, and the thread that drives the writer.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "stet/wal/log.h"
#include "wal/group_buffer.h"
#include "wal/release_rounds.h"
#include "wal/writer_impl.h"

namespace stet::wal {

// Producers encode their groups into `buffer_`, without a lock; the thread takes all of it at once
// and appends it.  Who waits, waits for the round in which his group was taken.
//
// Three times one side changes something and then looks at what the other side changed, while the
// other does the same in the opposite order, so that one of them sees the other.  All of these are
// sequentially consistent:
//
//   a producer   adds its group, looks whether the thread sleeps
//   the thread   says that it sleeps, looks whether a group was added
//
//   a producer   counts itself as waiting for room, looks whether there is room
//   the thread   makes room, looks whether somebody waits for it
//
//   a waiter     reads the word of its round, looks whether its seq is released
//   the thread   says what is released, changes the words of the rounds that are
class Log::Impl {
 public:
  explicit Impl(const Options& options);
  ~Impl();

  // Starts the thread and, on it, the writer.
  absl::Status Start(RecoveredLog recovered);

  absl::StatusOr<uint64_t> Append(std::span<const NewRecord> group, uint64_t state_digest,
                                  Durability at_least);
  absl::Status Sync(uint64_t seq);
  absl::StatusOr<Reader> NewReader(uint64_t from_seq);
  absl::Status Retire(const Anchor& anchor);
  absl::Status Close();

  uint64_t released() const { return released_.load(std::memory_order_acquire); }
  Watermarks watermarks();
  WriterStats stats();
  const RecoveryReport& recovery() const { return writer_->recovered().report(); }

 private:
  // What the thread does; producers that have to wake it do so in one of two ways.
  enum Sleep : uint32_t { kAwake, kInPoll, kGathering };

  // Waits on its caller's stack until the thread, or the end of the log, answers it.
  struct RetireRequest {
    Anchor anchor = {};
    bool answered = false;
    absl::Status status = {};
  };

  // Producers.
  absl::Status WaitForRoom() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Refusal() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeThread();
  void WakeThreadFor(const GroupBuffer::Added& added);

  // The thread.
  void ThreadMain();
  bool StartWriter();
  bool TakeStaged();
  void AppendTaken();
  absl::Duration PollWait();
  bool FallAsleep(Sleep how, uint64_t wake_seq, uint64_t wake_bytes);
  bool Publish();
  bool NextBatchFirst();
  void Gather(uint64_t woken);
  void AnswerRetire();
  void Finish();

  const Options options_;
  std::unique_ptr<Writer::Impl> writer_;  // the thread's, but for Wake
  std::thread thread_;

  GroupBuffer buffer_;
  ReleaseRounds rounds_;
  std::atomic<uint64_t> released_ = 0;
  std::atomic<bool> failing_ = false;  // some status below is not OK

  // When a producer has to wake the thread: once it added up to this seq, or this many bytes.
  alignas(64) std::atomic<uint32_t> sleep_ = kAwake;
  std::atomic<uint64_t> wake_seq_ = 0;
  std::atomic<uint64_t> wake_bytes_ = 0;

  // The thread alone.
  uint64_t seen_rotations_ = 0;
  uint64_t taken_seq_ = 0;       // the last that was taken
  bool batch_first_ = false;     // sleepers of the last round are yet to be woken
  uint32_t gathers_missed_ = 0;  // in a row
  uint32_t gathers_skipped_ = 0;

  Mutex mutex_;
  Condition room_;                         // in buffer_
  Condition changed_;                      // the thread has started, is to stop, has ended
  std::atomic<int> waiting_for_room_ = 0;  // changed under the mutex
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;  // nobody calls any more
  RetireRequest* retire_ ABSL_GUARDED_BY(mutex_) = nullptr;
  absl::Status start_status_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);  // final
  absl::Status full_ ABSL_GUARDED_BY(mutex_);    // no space, for as long as that lasts
  absl::Status close_status_ ABSL_GUARDED_BY(mutex_);
  ReadPlan plan_ ABSL_GUARDED_BY(mutex_);
  Watermarks watermarks_ ABSL_GUARDED_BY(mutex_);
  WriterStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stet::wal
