// A queue over an io_uring.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "stet/wal/storage.h"
#include "wal/io/posix_file.h"
#include "wal/io/ring.h"
#include "wal/io/unique_fd.h"

namespace stet::wal {

// The files must be PosixFiles.  Submit only fills the ring: the kernel sees the operations with the
// next Reap, in one system call with the wait.  No call waits for the disk but Reap, as long as it is
// allowed to.
//
// A durable write is a write with RWF_DSYNC.  Where the device has no FUA the kernel hands its
// completion to a kworker, which on busy processors comes late; then a write with a flush linked
// behind it is better, which a worker of the ring's makes.
class UringQueue final : public Queue {
 public:
  // `ladder` as Ring::Create takes it.
  static absl::StatusOr<std::unique_ptr<Queue>> Create(
      std::span<const Ring::Rung> ladder = Ring::Ladder());
  ~UringQueue() override;

  absl::Status Submit(std::span<const Op> ops) override;
  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) override;
  void Wake() override;
  size_t depth() const override { return kDepth; }
  void RegisterBuffers(std::span<const std::span<std::byte>> buffers) override;
  QueueStats stats() const override;

 private:
  static constexpr unsigned kEntries = 128;
  static constexpr size_t kDepth = 60;   // of two entries at most, and some for the poll
  static constexpr unsigned kFiles = 4;  // the active segment, the next one, and those before them

  UringQueue(std::unique_ptr<Ring> ring, UniqueFd event);

  // An operation in flight.
  struct Slot {
    uint64_t token = 0;
    uint64_t length = 0;  // that a completion of all of it gives
    bool used = false;
  };

  // What comes back with a completion: which slot, which part of it, and which use of the slot.
  enum class Part : uint8_t { kOnly, kLinkedWrite, kLinkedFlush };

  void Prepare(const Op& op);
  void PrepareWrite(io_uring_sqe* sqe, const Op& op);
  void PrepareFlush(io_uring_sqe* sqe, PosixFile* file);
  int FileIndex(const PosixFile& file) const;
  void RegisterFile(PosixFile* file);
  int BufferIndex(Bytes data) const;
  size_t TakeSlot();
  void ArmPoll();
  absl::Status Enter();
  absl::Status WaitForCompletion(absl::Duration wait_max);
  void DrainRing();
  void TakeCompletion(uint64_t user_data, int64_t result);
  size_t Collect(std::span<Completion> out);

  const std::unique_ptr<Ring> ring_;
  const UniqueFd event_;
  std::array<Slot, kDepth> slots_ = {};
  std::vector<size_t> free_slots_;
  size_t in_flight_ = 0;
  std::deque<Completion> done_;
  bool poll_armed_ = false;

  // Files that the ring knows, by PosixFile::serial; replaced in turn.
  bool registers_files_ = false;
  std::array<uint64_t, kFiles> files_ = {};
  unsigned next_file_ = 0;
  std::vector<std::span<std::byte>> buffers_;
  QueueStats stats_;

  // Wake sets `woken_` and then looks at `asleep_`; Reap sets `asleep_` and then looks at `woken_`:
  // one of them sees the other, and a Wake of a busy thread costs no system call.
  std::atomic<bool> woken_ = false;
  std::atomic<bool> asleep_ = false;
};

}  // namespace stet::wal
