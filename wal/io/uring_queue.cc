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
constexpr uint64_t kFlushToken = kPollToken - 1;

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
  assert(op.token < kFlushToken);
  auto* file = static_cast<PosixFile*>(op.file);
  io_uring_sqe* sqe = io_uring_get_sqe(ring_->get());
  assert(sqe != nullptr);  // kDepth keeps it so
  if (op.kind == Op::Kind::kFlush) {
    io_uring_prep_fsync(sqe, file->direct_fd(), IORING_FSYNC_DATASYNC);
  } else {
    const auto length = static_cast<unsigned>(op.data.size());
    io_uring_prep_write(sqe, file->direct_fd(), op.data.data(), length, op.offset);
    if (op.kind != Op::Kind::kWrite) writing_.push_back({.token = op.token, .file = file});
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
  const bool wait = wait_max > absl::ZeroDuration();
  if (io_uring_sq_ready(ring_->get()) == 0 || !wait) {
    RETURN_IF_ERROR(Enter());
    DrainRing();
  }
  if (!wait) {
    if (!written_.empty() && flushing_.empty()) {
      FlushInRing();
      RETURN_IF_ERROR(Enter());
    }
    return Collect(out);
  }
  if (done_.empty() && written_.empty()) {
    RETURN_IF_ERROR(WaitForCompletion(wait_max));
    DrainRing();
  }
  if (!written_.empty() && done_.empty()) FlushHere();
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

void UringQueue::DrainRing() {
  io_uring_cqe* cqe = nullptr;
  while (io_uring_peek_cqe(ring_->get(), &cqe) == 0 && cqe != nullptr) {
    if (cqe->user_data == kPollToken) {
      uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t n = ::read(event_.get(), &ignored, sizeof(ignored));
      if ((cqe->flags & IORING_CQE_F_MORE) == 0) poll_armed_ = false;
    } else {
      TakeCompletion(cqe->user_data, cqe->res);
    }
    io_uring_cqe_seen(ring_->get(), cqe);
  }
}

void UringQueue::TakeCompletion(uint64_t token, int64_t result) {
  if (token == kFlushToken) return Flushed(&flushing_, result);
  const auto write =
      std::find_if(writing_.begin(), writing_.end(),
                   [token](const Durable& durable) { return durable.token == token; });
  if (write == writing_.end() || result <= 0) {
    done_.push_back({.token = token, .result = result});
  } else {
    written_.push_back({.token = token, .file = write->file, .result = result});
  }
  if (write != writing_.end()) writing_.erase(write);
}

void UringQueue::FlushHere() {
  std::vector<Durable> writes;
  writes.swap(written_);
  while (!writes.empty()) {
    // Nearly always one file; after a rotation there may be two.
    PosixFile* const file = writes.front().file;
    const auto others =
        std::stable_partition(writes.begin(), writes.end(),
                              [file](const Durable& durable) { return durable.file == file; });
    std::vector<Durable> mine(writes.begin(), others);
    writes.erase(writes.begin(), others);
    Flushed(&mine, file->FlushOnce());
  }
}

void UringQueue::FlushInRing() {
  io_uring_sqe* sqe = io_uring_get_sqe(ring_->get());
  if (sqe == nullptr) return FlushHere();
  PosixFile* const file = written_.front().file;
  const auto others =
      std::stable_partition(written_.begin(), written_.end(),
                            [file](const Durable& durable) { return durable.file == file; });
  flushing_.assign(written_.begin(), others);
  written_.erase(written_.begin(), others);
  io_uring_prep_fsync(sqe, file->direct_fd(), IORING_FSYNC_DATASYNC);
  io_uring_sqe_set_data64(sqe, kFlushToken);
}

// A flush that fails takes all its writes with it.
void UringQueue::Flushed(std::vector<Durable>* writes, int64_t result) {
  for (const Durable& write : *writes) {
    done_.push_back({.token = write.token, .result = result < 0 ? result : write.result});
  }
  writes->clear();
}

size_t UringQueue::Collect(std::span<Completion> out) {
  const size_t count = std::min(out.size(), done_.size());
  std::copy_n(done_.begin(), count, out.begin());
  done_.erase(done_.begin(), done_.begin() + static_cast<ptrdiff_t>(count));
  in_flight_ -= count;
  return count;
}

void UringQueue::Wake() {
  if (woken_.exchange(true) || !asleep_.load()) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(event_.get(), &one, sizeof(one));
}

}  // namespace stet::wal
