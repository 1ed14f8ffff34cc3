// A queue over an io_uring.
#pragma once

#include <atomic>
#include <memory>

#include "stet/wal/storage.h"
#include "wal/io/ring.h"
#include "wal/io/unique_fd.h"

namespace stet::wal {

// The files must be PosixFiles.  Submit only fills the ring: the kernel sees the operations with
// the next Reap, in one system call with the wait.
class UringQueue final : public Queue {
 public:
  static absl::StatusOr<std::unique_ptr<Queue>> Create();
  ~UringQueue() override;

  absl::Status Submit(std::span<const Op> ops) override;
  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) override;
  void Wake() override;
  size_t depth() const override { return kDepth; }

 private:
  static constexpr size_t kDepth = 48;  // the ring has 64: room for the poll

  UringQueue(std::unique_ptr<Ring> ring, UniqueFd event);

  void Prepare(const Op& op);
  void ArmPoll();
  absl::Status Enter();
  absl::Status WaitForCompletion(absl::Duration wait_max);
  size_t Collect(std::span<Completion> out);

  const std::unique_ptr<Ring> ring_;
  const UniqueFd event_;
  size_t in_flight_ = 0;
  bool poll_armed_ = false;

  // Wake sets `woken_` and then looks at `asleep_`; Reap sets `asleep_` and then looks at `woken_`:
  // one of them sees the other, and a Wake of a busy thread costs no system call.
  std::atomic<bool> woken_ = false;
  std::atomic<bool> asleep_ = false;
};

}  // namespace stet::wal
