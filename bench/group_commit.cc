// Leader and followers.
#include "bench/group_commit.h"

#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "tools/stet/status_macros.h"

namespace stet::bench {
namespace {

constexpr uint64_t kPoolBytes = 256 << 20;
constexpr size_t kBufferBytes = 1 << 20;
constexpr size_t kBlock = 4096;
constexpr size_t kPayloadBytes = 100;
constexpr size_t kFrameBytes = 16;
constexpr size_t kEventBytes = 120;

}  // namespace

absl::StatusOr<std::unique_ptr<GroupCommit>> GroupCommit::Open(const std::string& folder) {
  STET_ASSIGN_OR_RETURN(walbench::Descriptor file,
                        walbench::NamelessFile(folder, kPoolBytes, walbench::Caching::kDirect));
  return std::unique_ptr<GroupCommit>(new GroupCommit(std::move(file), kPoolBytes));
}

GroupCommit::GroupCommit(walbench::Descriptor file, uint64_t pool_bytes)
    : file_(std::move(file)),
      pool_bytes_(pool_bytes),
      open_(walbench::NoiseBlock(kBufferBytes)),
      writing_(walbench::NoiseBlock(kBufferBytes)) {}

absl::Status GroupCommit::Append() {
  std::array<char, kPayloadBytes> payload{};
  const uint64_t check = XXH3_64bits(payload.data(), payload.size());
  const uint64_t length = payload.size();
  std::unique_lock lock(mutex_);
  assert(open_used_ + kEventBytes <= kBufferBytes);  // far more than there are threads
  std::byte* at = open_.get() + open_used_;
  std::memcpy(at, &length, sizeof(length));
  std::memcpy(at + sizeof(length), &check, sizeof(check));
  std::memcpy(at + kFrameBytes, payload.data(), payload.size());
  open_used_ += kEventBytes;
  const uint64_t mine = ++appended_;
  while (durable_ < mine && status_.ok()) {
    if (leader_) {
      durable_changed_.wait(lock);
      continue;
    }
    leader_ = true;
    std::swap(open_, writing_);
    const size_t used = std::exchange(open_used_, 0);
    const uint64_t covered = appended_;
    lock.unlock();
    const absl::Status written = WriteOut(writing_.get(), used);
    lock.lock();
    leader_ = false;
    durable_ = covered;
    if (!written.ok()) status_ = written;
    durable_changed_.notify_all();
  }
  return status_;
}

absl::Status GroupCommit::WriteOut(std::byte* buffer, size_t used) {
  const size_t bytes = (used + kBlock - 1) / kBlock * kBlock;
  std::memset(buffer + used, 0, bytes - used);
  if (offset_ + bytes > pool_bytes_) offset_ = 0;
  const iovec piece{.iov_base = buffer, .iov_len = bytes};
  const ssize_t done = ::pwritev2(file_.get(), &piece, 1, static_cast<off_t>(offset_), RWF_DSYNC);
  offset_ += bytes;
  return done == static_cast<ssize_t>(bytes) ? absl::OkStatus()
                                             : walbench::ErrnoStatus("group commit: write");
}

}  // namespace stet::bench
