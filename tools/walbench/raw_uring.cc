// Raw loads over an io_uring of one thread.
#include <liburing.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tools/stet/status_macros.h"
#include "tools/walbench/raw_file.h"
#include "tools/walbench/raw_load.h"

namespace stet::walbench {
namespace {

constexpr unsigned kEntries = 64;
constexpr uint64_t kFlushBit = uint64_t{1} << 32;  // in user_data, beside the slot

// The ring and whether it was made.
class Ring {
 public:
  ~Ring() {
    if (made_) io_uring_queue_exit(&ring_);
  }
  absl::Status Make() {
    int result = io_uring_queue_init(kEntries, &ring_,
                                     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    // Kernels before 6.1.
    if (result == -EINVAL) result = io_uring_queue_init(kEntries, &ring_, 0);
    if (result < 0) {
      return absl::UnavailableError("io_uring: " + std::generic_category().message(-result));
    }
    made_ = true;
    return absl::OkStatus();
  }
  io_uring* get() { return &ring_; }

 private:
  io_uring ring_{};
  bool made_ = false;
};

class UringLoad {
 public:
  explicit UringLoad(const Load& load)
      : load_(load), block_(NoiseBlock(load.block_bytes)), begun_ns_(load.in_flight) {}

  absl::StatusOr<LoadResult> Run() {
    STET_RETURN_IF_ERROR(ring_.Make());
    const int64_t begin = NowNanos();
    end_ns_ = begin + static_cast<int64_t>(load_.seconds * 1e9);
    now_ns_ = begin;
    for (uint32_t slot = 0; slot < load_.in_flight; ++slot) Start(slot);
    while (pending_ > 0) {
      const int result = io_uring_submit_and_wait(ring_.get(), 1);
      if (result < 0 && result != -EINTR) return absl::ErrnoToStatus(-result, "io_uring: submit");
      STET_RETURN_IF_ERROR(TakeCompletions());
    }
    result_.elapsed_ns = now_ns_ - begin;
    return std::move(result_);
  }

 private:
  bool Over() const { return now_ns_ >= end_ns_ || (load_.stop != nullptr && load_.stop->load()); }

  void Start(uint32_t slot) {
    begun_ns_[slot] = now_ns_;
    if (load_.method == Method::kFlush) return Flush(slot);
    io_uring_sqe* sqe = Next();
    const uint64_t bytes = load_.block_bytes;
    const uint64_t offset = next_block_++ % (load_.file_bytes / bytes) * bytes;
    io_uring_prep_write(sqe, load_.fd, block_.get(), load_.block_bytes, offset);
    io_uring_sqe_set_data64(sqe, slot);
    if (load_.method == Method::kDurableWrite) sqe->rw_flags = RWF_DSYNC;
    if (load_.method == Method::kLinkedFlush) {
      sqe->flags |= IOSQE_IO_LINK;
      Flush(slot);
    }
  }

  void Flush(uint32_t slot) {
    io_uring_sqe* sqe = Next();
    io_uring_prep_fsync(sqe, load_.fd, IORING_FSYNC_DATASYNC);
    io_uring_sqe_set_data64(sqe, slot | kFlushBit);
  }

  // At most two operations per block are in flight, and there are entries for all.
  io_uring_sqe* Next() {
    ++pending_;
    return io_uring_get_sqe(ring_.get());
  }

  absl::Status TakeCompletions() {
    now_ns_ = NowNanos();
    io_uring_cqe* cqe = nullptr;
    while (io_uring_peek_cqe(ring_.get(), &cqe) == 0) {
      const uint64_t data = cqe->user_data;
      const int result = cqe->res;
      io_uring_cqe_seen(ring_.get(), cqe);
      --pending_;
      const bool flush = (data & kFlushBit) != 0;
      const int expected = flush ? 0 : static_cast<int>(load_.block_bytes);
      if (result < 0)
        return absl::ErrnoToStatus(-result, flush ? "io_uring: fdatasync" : "io_uring: write");
      if (result != expected) {
        return absl::ResourceExhaustedError(
            fmt::format("io_uring: wrote {} of {} bytes", result, expected));
      }
      flush ? Durable(static_cast<uint32_t>(data)) : Written(static_cast<uint32_t>(data));
    }
    return absl::OkStatus();
  }

  void Written(uint32_t slot) {
    switch (load_.method) {
      case Method::kWrite:
      case Method::kDurableWrite:
        return Durable(slot);
      case Method::kWriteAndFlush:
      case Method::kBuffered:
        return Flush(slot);
      case Method::kWritesThenFlush:
        if (++written_ < load_.in_flight) return;
        written_ = 0;
        return Flush(0);
      case Method::kLinkedFlush:
      case Method::kFlush:
        return;
    }
  }

  void Durable(uint32_t slot) {
    const uint32_t blocks = load_.method == Method::kWritesThenFlush ? load_.in_flight : 1;
    result_.latency.Add(now_ns_ - begun_ns_[slot], blocks);
    if (Over()) return;
    for (uint32_t i = 0; i < blocks; ++i) Start(slot + i);
  }

  const Load load_;
  const AlignedMemory block_;  // before the ring, which may still read from it
  Ring ring_;
  std::vector<int64_t> begun_ns_;
  LoadResult result_;
  uint64_t next_block_ = 0;
  uint32_t pending_ = 0;
  uint32_t written_ = 0;
  int64_t now_ns_ = 0;
  int64_t end_ns_ = 0;
};

}  // namespace

absl::StatusOr<LoadResult> RunUringLoad(const Load& load) { return UringLoad(load).Run(); }

}  // namespace stet::walbench
