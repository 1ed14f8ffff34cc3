// A queue over an io_uring.
#include "wal/io/uring_queue.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "base/status_macros.h"
#include "wal/io/io_error.h"
#include "wal/io/posix_file.h"

namespace stet::wal {
namespace {

constexpr unsigned kEntries = 64;
constexpr uint64_t kPollToken = std::numeric_limits<uint64_t>::max();

}  // namespace

absl::StatusOr<std::unique_ptr<Queue>> UringQueue::Create() {
  ASSIGN_OR_RETURN(std::unique_ptr<Ring> ring, Ring::Create(kEntries));
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.ok()) return IoError(errno, "make", "eventfd");
  return std::unique_ptr<Queue>(new UringQueue(std::move(ring), std::move(event)));
}

UringQueue::UringQueue(std::unique_ptr<Ring> ring, UniqueFd event)
    : ring_(std::move(ring)), event_(std::move(event)) {}

// The kernel reads from the caller's buffers until the last completion.
UringQueue::~UringQueue() {
  Completion ignored[8];
  while (in_flight_ > 0) {
    if (!Reap(ignored, absl::Seconds(1)).ok()) break;
  }
}

absl::Status UringQueue::Submit(std::span<const Op> ops) {
  if (in_flight_ + ops.size() > kDepth) {
    return absl::ResourceExhaustedError("io_uring: more operations than its depth");
  }
  for (const Op& op : ops) Prepare(op);
  in_flight_ += ops.size();
  return absl::OkStatus();
}

void UringQueue::Prepare(const Op& op) {
  assert(op.token != kPollToken);
  const auto* file = static_cast<const PosixFile*>(op.file);
  io_uring_sqe* sqe = io_uring_get_sqe(ring_->get());
  assert(sqe != nullptr);  // kDepth keeps it so
  if (op.kind == Op::Kind::kFlush) {
    io_uring_prep_fsync(sqe, file->direct_fd(), IORING_FSYNC_DATASYNC);
  } else {
    const auto length = static_cast<unsigned>(op.data.size());
    io_uring_prep_write(sqe, file->direct_fd(), op.data.data(), length, op.offset);
    if (op.kind == Op::Kind::kWriteDurable) sqe->rw_flags = RWF_DSYNC;
  }
  io_uring_sqe_set_data64(sqe, op.token);
}

void UringQueue::ArmPoll() {
  if (poll_armed_) return;
  io_uring_sqe* sqe = io_uring_get_sqe(ring_->get());
  if (sqe == nullptr) return;  // the wait is bounded, and the next one arms it
  io_uring_prep_poll_multishot(sqe, event_.get(), POLLIN);
  io_uring_sqe_set_data64(sqe, kPollToken);
  poll_armed_ = true;
}

absl::StatusOr<size_t> UringQueue::Reap(std::span<Completion> out, absl::Duration wait_max) {
  if (io_uring_sq_ready(ring_->get()) == 0 || wait_max <= absl::ZeroDuration()) {
    RETURN_IF_ERROR(Enter());
    if (const size_t count = Collect(out); count != 0) return count;
  }
  if (wait_max <= absl::ZeroDuration()) return 0;
  RETURN_IF_ERROR(WaitForCompletion(wait_max));
  return Collect(out);
}

// Hands over what is prepared and lets the kernel deliver, without waiting.
absl::Status UringQueue::Enter() {
  if (io_uring_sq_ready(ring_->get()) == 0 && !ring_->WantsEnter()) return absl::OkStatus();
  const int result = io_uring_submit_and_get_events(ring_->get());
  if (result < 0 && result != -EINTR && result != -EAGAIN && result != -EBUSY) {
    return IoError(-result, "submit to", "io_uring");
  }
  return absl::OkStatus();
}

absl::Status UringQueue::WaitForCompletion(absl::Duration wait_max) {
  ArmPoll();
  asleep_.store(true);
  const bool woken = woken_.load();
  const absl::Duration wait = woken ? absl::ZeroDuration() : std::min(wait_max, absl::Hours(1));
  const timespec time = absl::ToTimespec(wait);
  __kernel_timespec timeout{.tv_sec = time.tv_sec, .tv_nsec = time.tv_nsec};
  io_uring_cqe* cqe = nullptr;
  const int result = io_uring_submit_and_wait_timeout(ring_->get(), &cqe, 1, &timeout, nullptr);
  asleep_.store(false);
  woken_.store(false);
  if (result < 0 && result != -ETIME && result != -EINTR && result != -EAGAIN && result != -EBUSY) {
    return IoError(-result, "wait for", "io_uring");
  }
  return absl::OkStatus();
}

size_t UringQueue::Collect(std::span<Completion> out) {
  io_uring_cqe* cqe = nullptr;
  size_t count = 0;
  while (count < out.size() && io_uring_peek_cqe(ring_->get(), &cqe) == 0 && cqe != nullptr) {
    if (cqe->user_data == kPollToken) {
      uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t n = ::read(event_.get(), &ignored, sizeof(ignored));
      if ((cqe->flags & IORING_CQE_F_MORE) == 0) poll_armed_ = false;
    } else {
      out[count++] = {.token = cqe->user_data, .result = cqe->res};
      --in_flight_;
    }
    io_uring_cqe_seen(ring_->get(), cqe);
  }
  return count;
}

void UringQueue::Wake() {
  if (woken_.exchange(true) || !asleep_.load()) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(event_.get(), &one, sizeof(one));
}

}  // namespace stet::wal
