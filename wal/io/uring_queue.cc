// A queue over an io_uring.
#include "wal/io/uring_queue.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
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

constexpr uint64_t kPollToken = std::numeric_limits<uint64_t>::max();

}  // namespace

absl::StatusOr<std::unique_ptr<Queue>> UringQueue::Create(std::span<const Ring::Rung> ladder) {
  ASSIGN_OR_RETURN(std::unique_ptr<Ring> ring, Ring::Create(kEntries, ladder));
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.ok()) return IoError(errno, "make", "eventfd");
  return std::unique_ptr<Queue>(new UringQueue(std::move(ring), std::move(event)));
}

UringQueue::UringQueue(std::unique_ptr<Ring> ring, UniqueFd event)
    : ring_(std::move(ring)), event_(std::move(event)) {
  for (size_t slot = kDepth; slot > 0; --slot) free_slots_.push_back(slot - 1);
  registers_files_ = io_uring_register_files_sparse(ring_->get(), kFiles) == 0;
}

// The kernel reads from the caller's buffers until the last completion.
UringQueue::~UringQueue() {
  Completion ignored[8];
  while (in_flight_ > 0) {
    if (!Reap(ignored, absl::Seconds(1)).ok()) break;
  }
}

QueueStats UringQueue::stats() const {
  QueueStats stats = stats_;
  stats.setup = ring_->setup();
  stats.refused = ring_->refused();
  stats.registered_files = registers_files_;
  stats.registered_buffers = static_cast<uint32_t>(buffers_.size());
  return stats;
}

void UringQueue::RegisterBuffers(std::span<const std::span<std::byte>> buffers) {
  if (!buffers_.empty()) io_uring_unregister_buffers(ring_->get());
  buffers_.clear();
  std::vector<iovec> parts;
  for (const std::span<std::byte> buffer : buffers) {
    parts.push_back({.iov_base = buffer.data(), .iov_len = buffer.size()});
  }
  const auto count = static_cast<unsigned>(parts.size());
  if (count == 0 || io_uring_register_buffers(ring_->get(), parts.data(), count) != 0) return;
  buffers_.assign(buffers.begin(), buffers.end());
}

absl::Status UringQueue::Submit(std::span<const Op> ops) {
  if (in_flight_ + ops.size() > kDepth) {
    return absl::ResourceExhaustedError("io_uring: more operations than its depth");
  }
  // Who is linked behind a write looks its file up when the write is done: places change hands only
  // while nothing is on its way.
  if (in_flight_ == 0) {
    for (const Op& op : ops) RegisterFile(static_cast<PosixFile*>(op.file));
  }
  for (const Op& op : ops) Prepare(op);
  in_flight_ += ops.size();
  return absl::OkStatus();
}

size_t UringQueue::TakeSlot() {
  assert(!free_slots_.empty());  // in_flight_ <= kDepth
  const size_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void UringQueue::Prepare(const Op& op) {
  auto* file = static_cast<PosixFile*>(op.file);
  const size_t slot = TakeSlot();
  const bool linked = op.kind == Op::Kind::kWriteLinkedFlush && ring_->skips_completions();
  slots_[slot] = {.token = op.token, .length = op.data.size(), .used = true};
  const auto user_data = [slot](Part part) { return slot << 8 | static_cast<uint64_t>(part); };
  io_uring_sqe* sqe = io_uring_get_sqe(ring_->get());
  assert(sqe != nullptr);  // kDepth keeps it so
  if (op.kind == Op::Kind::kFlush) {
    slots_[slot].length = 0;
    PrepareFlush(sqe, file);
    io_uring_sqe_set_data64(sqe, user_data(Part::kOnly));
    return;
  }
  PrepareWrite(sqe, op);
  io_uring_sqe_set_data64(sqe, user_data(linked ? Part::kLinkedWrite : Part::kOnly));
  if (!linked) {
    const bool durable = op.kind != Op::Kind::kWrite;
    if (durable) sqe->rw_flags = RWF_DSYNC;
    if (durable) ++stats_.flushes;
    return;
  }
  // One of the two completes: the flush, if the write wrote all; else the write, and the flush is
  // not made.
  io_uring_sqe_set_flags(sqe, sqe->flags | IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
  io_uring_sqe* flush = io_uring_get_sqe(ring_->get());
  assert(flush != nullptr);
  PrepareFlush(flush, file);
  io_uring_sqe_set_data64(flush, user_data(Part::kLinkedFlush));
}

void UringQueue::PrepareWrite(io_uring_sqe* sqe, const Op& op) {
  auto* file = static_cast<PosixFile*>(op.file);
  const auto length = static_cast<unsigned>(op.data.size());
  const int buffer = BufferIndex(op.data);
  const int index = FileIndex(*file);
  const int fd = index >= 0 ? index : file->direct_fd();
  if (buffer >= 0) {
    io_uring_prep_write_fixed(sqe, fd, op.data.data(), length, op.offset, buffer);
    ++stats_.registered_writes;
  } else {
    io_uring_prep_write(sqe, fd, op.data.data(), length, op.offset);
  }
  if (index >= 0) io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
  ++stats_.writes;
}

void UringQueue::PrepareFlush(io_uring_sqe* sqe, PosixFile* file) {
  const int index = FileIndex(*file);
  io_uring_prep_fsync(sqe, index >= 0 ? index : file->direct_fd(), IORING_FSYNC_DATASYNC);
  if (index >= 0) io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
  ++stats_.flushes;
}

// Where the ring has the file; -1 if it has not.
int UringQueue::FileIndex(const PosixFile& file) const {
  const auto known = std::find(files_.begin(), files_.end(), file.serial());
  return known == files_.end() ? -1 : static_cast<int>(known - files_.begin());
}

void UringQueue::RegisterFile(PosixFile* file) {
  if (!registers_files_ || FileIndex(*file) >= 0) return;
  const int fd = file->direct_fd();
  files_[next_file_] = 0;
  if (io_uring_register_files_update(ring_->get(), next_file_, &fd, 1) != 1) return;
  files_[next_file_] = file->serial();
  next_file_ = (next_file_ + 1) % kFiles;
}

// The registered buffer that holds all of `data`; -1 if none does.
int UringQueue::BufferIndex(Bytes data) const {
  const auto holds = [data](std::span<std::byte> buffer) {
    return data.data() >= buffer.data() &&
           data.data() + data.size() <= buffer.data() + buffer.size();
  };
  const auto found = std::find_if(buffers_.begin(), buffers_.end(), holds);
  return found == buffers_.end() ? -1 : static_cast<int>(found - buffers_.begin());
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
  if (wait && done_.empty()) {
    RETURN_IF_ERROR(WaitForCompletion(wait_max));
    DrainRing();
  }
  return Collect(out);
}

// Hands over what is prepared and lets the kernel deliver, without waiting.
absl::Status UringQueue::Enter() {
  if (io_uring_sq_ready(ring_->get()) == 0 && !ring_->WantsEnter()) return absl::OkStatus();
  ++stats_.system_calls;
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
  ++stats_.system_calls;
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
      TakeCompletion(io_uring_cqe_get_data64(cqe), cqe->res);
    }
    io_uring_cqe_seen(ring_->get(), cqe);
  }
}

void UringQueue::TakeCompletion(uint64_t user_data, int64_t result) {
  const auto part = static_cast<Part>(user_data & 0xff);
  Slot& slot = slots_[user_data >> 8];
  assert(slot.used);
  // Of a write that wrote all the flush will tell.
  const bool whole = result == static_cast<int64_t>(slot.length);
  if (part == Part::kLinkedWrite && whole) return;
  const bool flushed = part == Part::kLinkedFlush && result == 0;
  done_.push_back(
      {.token = slot.token, .result = flushed ? static_cast<int64_t>(slot.length) : result});
  slot.used = false;
  free_slots_.push_back(user_data >> 8);
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
