// A log that nobody could recover.
#include "bench/bare_log.h"

#include <liburing.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "bench/latency.h"
#include "tools/stet/status_macros.h"
#include "tools/walbench/raw_file.h"

namespace stet::bench {
namespace {

constexpr size_t kPayloadBytes = 100;
constexpr uint64_t kBlock = 4096;

struct Frame {
  uint32_t bytes = 0;
  uint32_t type = 0;
  uint64_t check = 0;
};
constexpr size_t kFrameBytes = (sizeof(Frame) + kPayloadBytes + 7) / 8 * 8;

class Bare {
 public:
  Bare(walbench::Descriptor file, uint64_t pool_bytes, size_t outstanding)
      : file_(std::move(file)),
        pool_bytes_(pool_bytes),
        buffer_bytes_((outstanding * kFrameBytes + kBlock - 1) / kBlock * kBlock),
        buffer_(walbench::NoiseBlock(buffer_bytes_)) {}
  ~Bare() { io_uring_queue_exit(&ring_); }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  absl::Status Start() {
    const unsigned flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    const int result = io_uring_queue_init(8, &ring_, flags);
    if (result < 0) return absl::UnavailableError("io_uring cannot be had");
    return absl::OkStatus();
  }

  bool full() const { return offset_ + buffer_bytes_ > pool_bytes_; }

  // Frames `count` events, writes them and waits until they are durable.
  absl::Status Batch(size_t count) {
    std::byte* at = buffer_.get();
    for (size_t i = 0; i < count; ++i, at += kFrameBytes) PutEvent(at);
    const auto used = static_cast<size_t>(at - buffer_.get());
    const size_t bytes = (used + kBlock - 1) / kBlock * kBlock;
    std::memset(at, 0, bytes - used);
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    io_uring_prep_write(sqe, file_.get(), buffer_.get(), static_cast<unsigned>(bytes), offset_);
    sqe->rw_flags = RWF_DSYNC;
    int result = 0;
    do {
      result = io_uring_submit_and_wait(&ring_, 1);
    } while (result == -EINTR);
    io_uring_cqe* cqe = nullptr;
    if (result < 0 || io_uring_wait_cqe(&ring_, &cqe) != 0) {
      return absl::ErrnoToStatus(-result, "io_uring: submit");
    }
    const int written = cqe->res;
    io_uring_cqe_seen(&ring_, cqe);
    if (written != static_cast<int>(bytes)) {
      return absl::InternalError(fmt::format("io_uring: write of {} bytes: {}", bytes, written));
    }
    offset_ += bytes;
    return absl::OkStatus();
  }

 private:
  void PutEvent(std::byte* at) {
    ++event_;
    std::memcpy(payload_.data(), &event_, sizeof(event_));
    const Frame frame{
        .bytes = kPayloadBytes, .type = 1, .check = XXH3_64bits(payload_.data(), payload_.size())};
    std::memcpy(at, &frame, sizeof(frame));
    std::memcpy(at + sizeof(frame), payload_.data(), payload_.size());
  }

  io_uring ring_{};
  walbench::Descriptor file_;
  const uint64_t pool_bytes_;
  const size_t buffer_bytes_;
  walbench::AlignedMemory buffer_;
  std::array<char, kPayloadBytes> payload_ = {};
  uint64_t event_ = 0;
  uint64_t offset_ = 0;
};

}  // namespace

absl::StatusOr<Samples> BareLog(const std::string& folder, size_t outstanding, uint64_t pool_bytes,
                                double seconds) {
  STET_ASSIGN_OR_RETURN(walbench::Descriptor file,
                        walbench::NamelessFile(folder, pool_bytes, walbench::Caching::kDirect));
  Bare log(std::move(file), pool_bytes, outstanding);
  STET_RETURN_IF_ERROR(log.Start());
  Latencies latencies;
  const int64_t begin = NowNanos();
  const int64_t end = begin + static_cast<int64_t>(seconds * 1e9);
  int64_t now = begin;
  while (now < end && !log.full()) {
    STET_RETURN_IF_ERROR(log.Batch(outstanding));
    const int64_t done = NowNanos();
    latencies.Add(done - now, outstanding);
    now = done;
  }
  return latencies.Describe(now - begin);
}

}  // namespace stet::bench
