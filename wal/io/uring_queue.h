// A queue over an io_uring.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "stet/wal/storage.h"
#include "wal/io/posix_file.h"
#include "wal/io/ring.h"
#include "wal/io/unique_fd.h"

namespace stet::wal {

// The files must be PosixFiles.  Submit only fills the ring: the kernel sees the operations with the next Reap, in one
// system call with the wait.
//
// A durable write is a write, and a flush when that has completed; one flush serves all that completed together.  Where the
// device has no FUA, the kernel hands the completion of an RWF_DSYNC write to a kworker: on busy processors that
// took 8 ms instead of 0.1 ms.  A thread that waits makes the flush itself; for one that does not, the ring makes it.
class UringQueue final : public Queue {
 public:
  static absl::StatusOr<std::unique_ptr<Queue>> Create();
  ~UringQueue() override;

  absl::Status Submit(std::span<const Op> ops) override;
  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) override;
  void Wake() override;
  size_t depth() const override { return kDepth; }

 private:
  static constexpr size_t kDepth = 48;  // the ring has 64: room for the poll and the flush

  UringQueue(std::unique_ptr<Ring> ring, UniqueFd event);

  // A write that is to be durable: in the ring, written, or waiting for the flush under way.
  struct Durable {
    uint64_t token = 0;
    PosixFile* file = nullptr;
    int64_t result = 0;
  };

  void Prepare(const Op& op);
  void ArmPoll();
  absl::Status Enter();
  absl::Status WaitForCompletion(absl::Duration wait_max);
  void DrainRing();
  size_t Collect(std::span<Completion> out);
  void TakeCompletion(uint64_t token, int64_t result);
  void FlushHere();
  void FlushInRing();
  void Flushed(std::vector<Durable>* writes, int64_t result);

  const std::unique_ptr<Ring> ring_;
  const UniqueFd event_;
  size_t in_flight_ = 0;
  std::vector<Durable> writing_;
  std::vector<Durable> written_;
  std::vector<Durable> flushing_;
  std::deque<Completion> done_;
  bool poll_armed_ = false;

  // Wake sets `woken_` and then looks at `asleep_`; Reap sets `asleep_` and then looks at `woken_`:
  // one of them sees the other, and a Wake of a busy thread costs no system call.
  std::atomic<bool> woken_ = false;
  std::atomic<bool> asleep_ = false;
};

}  // namespace stet::wal
