// Raw loads from threads that block.
#include <sys/uio.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "tools/stet/status_macros.h"
#include "tools/walbench/raw_file.h"
#include "tools/walbench/raw_load.h"

namespace stet::walbench {
namespace {

class PosixLoad {
 public:
  explicit PosixLoad(const Load& load) : load_(load), block_(NoiseBlock(load.block_bytes)) {}

  absl::StatusOr<LoadResult> Run() {
    const bool together = load_.method == Method::kWritesThenFlush;
    const size_t count = together ? 1 : load_.in_flight;
    std::vector<LoadResult> results(count);
    std::vector<absl::Status> statuses(count);
    std::vector<std::thread> threads;
    const int64_t begin = NowNanos();
    end_ns_ = begin + static_cast<int64_t>(load_.seconds * 1e9);
    for (size_t i = 0; i < count; ++i) {
      threads.emplace_back([&, i] { statuses[i] = Loop(&results[i].latency); });
    }
    for (std::thread& thread : threads) thread.join();
    results[0].elapsed_ns = NowNanos() - begin;
    for (size_t i = 0; i < count; ++i) {
      STET_RETURN_IF_ERROR(statuses[i]);
      if (i > 0) results[0].latency.Merge(results[i].latency);
    }
    return results[0];
  }

 private:
  absl::Status Loop(Histogram* latency) {
    const uint32_t blocks = load_.method == Method::kWritesThenFlush ? load_.in_flight : 1;
    int64_t now = NowNanos();
    // Once in any case: on a busy machine a thread may begin late.
    do {
      for (uint32_t i = 0; i < blocks; ++i) STET_RETURN_IF_ERROR(WriteBlock());
      const bool flush = load_.method != Method::kWrite && load_.method != Method::kDurableWrite;
      if (flush && ::fdatasync(load_.fd) != 0) return ErrnoStatus("fdatasync");
      const int64_t done = NowNanos();
      latency->Add(done - now, blocks);
      now = done;
    } while (now < end_ns_ && (load_.stop == nullptr || !load_.stop->load()));
    return absl::OkStatus();
  }

  absl::Status WriteBlock() {
    if (load_.method == Method::kFlush) return absl::OkStatus();
    const uint64_t bytes = load_.block_bytes;
    const uint64_t offset = next_block_.fetch_add(1) % (load_.file_bytes / bytes) * bytes;
    const iovec piece{.iov_base = block_.get(), .iov_len = bytes};
    const int flags = load_.method == Method::kDurableWrite ? RWF_DSYNC : 0;
    const ssize_t done = ::pwritev2(load_.fd, &piece, 1, static_cast<off_t>(offset), flags);
    if (done < 0) return ErrnoStatus(fmt::format("write {} bytes at {}", bytes, offset));
    if (static_cast<uint64_t>(done) == bytes) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        fmt::format("write {} bytes at {}: {} written", bytes, offset, done));
  }

  const Load load_;
  const AlignedMemory block_;
  std::atomic<uint64_t> next_block_ = 0;
  int64_t end_ns_ = 0;
};

}  // namespace

absl::StatusOr<LoadResult> RunPosixLoad(const Load& load) { return PosixLoad(load).Run(); }

}  // namespace stet::walbench
