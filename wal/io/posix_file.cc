// A file of the operating system: two descriptors, one past the page cache for aligned operations,
// one through it for all others.
#include "wal/io/posix_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <utility>

#include "base/status_macros.h"
#include "wal/io/aligned_buffer.h"
#include "wal/io/io_error.h"

namespace stet::wal {
namespace {

constexpr uint32_t kAlignmentMin = 4096;
constexpr uint32_t kAlignmentMax = 64 << 10;

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

uint32_t AlignmentOf(const struct stat& info) {
  const auto block = static_cast<uint64_t>(std::max<blksize_t>(info.st_blksize, 0));
  if (block > kAlignmentMax || !std::has_single_bit(block)) return kAlignmentMin;
  return std::max(kAlignmentMin, static_cast<uint32_t>(block));
}

uint64_t NextSerial() {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

// Repeats a call that a signal interrupted; returns its result or -errno.
template <typename Call>
int64_t Retry(Call call) {
  while (true) {
    const int64_t result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return -errno;
  }
}

// Of a file, in the page cache; 0 also where the kernel does not tell (before 6.5).
uint64_t CachedPages(int fd) {
  constexpr long kCachestat = 451;  // on every architecture; not in the headers of this libc
  struct Range {
    uint64_t offset;
    uint64_t length;  // 0: to the end
  } range{0, 0};
  struct Pages {
    uint64_t cached;
    uint64_t dirty;
    uint64_t writeback;
    uint64_t evicted;
    uint64_t recently_evicted;
  } pages{};
  return ::syscall(kCachestat, fd, &range, &pages, 0) == 0 ? pages.cached : 0;
}

}  // namespace

PosixFile::PosixFile(std::string path, UniqueFd buffered, UniqueFd direct, uint32_t alignment)
    : path_(std::move(path)),
      buffered_(std::move(buffered)),
      direct_(std::move(direct)),
      alignment_(alignment),
      serial_(NextSerial()) {}

absl::StatusOr<std::unique_ptr<PosixFile>> PosixFile::Open(const std::string& path, OpenMode mode) {
  const int flags = FlagsOf(mode) | O_CLOEXEC;
  UniqueFd buffered(static_cast<int>(Retry([&] { return ::open(path.c_str(), flags, 0666); })));
  if (!buffered.ok()) {
    return IoError(-buffered.get(), mode == OpenMode::kCreate ? "create" : "open", path);
  }
  struct stat info {};
  if (::fstat(buffered.get(), &info) != 0) return IoError(errno, "stat", path);
  if (!S_ISREG(info.st_mode)) return IoError(S_ISDIR(info.st_mode) ? EISDIR : EINVAL, "open", path);
  // Refused on some file systems (FUSE, older tmpfs): then everything goes through the page cache.
  const int direct_flags = (flags & ~(O_CREAT | O_EXCL)) | O_DIRECT;
  UniqueFd direct(static_cast<int>(Retry([&] { return ::open(path.c_str(), direct_flags); })));
  if (!direct.ok() && direct.get() != -EINVAL && direct.get() != -EOPNOTSUPP) {
    return IoError(-direct.get(), "open", path);
  }
  return std::unique_ptr<PosixFile>(
      new PosixFile(path, std::move(buffered), std::move(direct), AlignmentOf(info)));
}

bool PosixFile::Aligned(uint64_t offset, Bytes data) const {
  const uint64_t bits = offset | data.size() | reinterpret_cast<uintptr_t>(data.data());
  return bits % alignment_ == 0;
}

int PosixFile::FdFor(uint64_t offset, Bytes data) const {
  return direct_.ok() && Aligned(offset, data) ? direct_.get() : buffered_.get();
}

absl::StatusOr<size_t> PosixFile::Read(uint64_t offset, std::span<std::byte> out) {
  if (direct_.ok() && !Aligned(offset, out)) return ReadThroughBuffer(offset, out);
  const int fd = direct_fd();
  size_t done = 0;
  while (done < out.size()) {
    const int64_t n = Retry([&] {
      return ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    });
    if (n < 0) {
      return IoErrorAt(static_cast<int>(-n), "read", path_, offset + done, out.size() - done);
    }
    done += static_cast<size_t>(n);
    // Past the page cache the kernel stops at a place that is no multiple of a block only at the
    // end.
    if (n == 0 || (direct_.ok() && done % alignment_ != 0)) break;
  }
  return done;
}

// Never through the page cache: it may hold what the disk does not (a failed flush leaves such
// pages behind).
absl::StatusOr<size_t> PosixFile::ReadThroughBuffer(uint64_t offset, std::span<std::byte> out) {
  const uint64_t begin = offset / alignment_ * alignment_;
  const uint64_t end = (offset + out.size() + alignment_ - 1) / alignment_ * alignment_;
  AlignedBuffer buffer(end - begin, alignment_);
  ASSIGN_OR_RETURN(const size_t got, Read(begin, buffer.span()));
  const size_t skip = offset - begin;
  if (got <= skip) return 0;
  const size_t size = std::min(got - skip, out.size());
  if (size != 0) std::memcpy(out.data(), buffer.data() + skip, size);
  return size;
}

absl::Status PosixFile::Write(uint64_t offset, Bytes data) {
  size_t done = 0;
  while (done < data.size()) {
    const int64_t n = WriteOnce(offset + done, data.subspan(done), false);
    if (n <= 0) {
      const int error = n == 0 ? EIO : static_cast<int>(-n);
      return IoErrorAt(error, "write", path_, offset + done, data.size() - done);
    }
    done += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

int64_t PosixFile::WriteOnce(uint64_t offset, Bytes data, bool durable) {
  const int fd = FdFor(offset, data);
  iovec part{.iov_base = const_cast<std::byte*>(data.data()), .iov_len = data.size()};
  return Retry([&] {
    return ::pwritev2(fd, &part, 1, static_cast<off_t>(offset), durable ? RWF_DSYNC : 0);
  });
}

int64_t PosixFile::FlushOnce() { return ::fdatasync(buffered_.get()) == 0 ? 0 : -errno; }

absl::Status PosixFile::Flush() {
  const int64_t result = FlushOnce();
  if (result != 0) return IoError(static_cast<int>(-result), "flush", path_);
  return absl::OkStatus();
}

// An allocation that fails half way has filled the disk for a moment, and all else that writes there
// has failed with it.
absl::Status PosixFile::CheckRoom(uint64_t bytes) {
  struct statvfs disk {};
  struct stat info {};
  if (::fstatvfs(buffered_.get(), &disk) != 0) return IoError(errno, "ask for the room of", path_);
  if (::fstat(buffered_.get(), &info) != 0) return IoError(errno, "stat", path_);
  if (disk.f_blocks == 0) return absl::OkStatus();  // this file system does not tell
  const uint64_t blocks = ::geteuid() == 0 ? disk.f_bfree : disk.f_bavail;
  const uint64_t room = blocks * disk.f_frsize + static_cast<uint64_t>(info.st_blocks) * 512;
  return room >= bytes ? absl::OkStatus() : IoErrorAt(ENOSPC, "allocate", path_, 0, bytes);
}

absl::Status PosixFile::Allocate(uint64_t bytes) {
  RETURN_IF_ERROR(CheckRoom(bytes));
  const auto length = static_cast<off_t>(bytes);
  const int64_t result = Retry([&] { return ::fallocate(buffered_.get(), 0, 0, length); });
  if (result == 0) return absl::OkStatus();
  if (result != -EOPNOTSUPP) {
    return IoErrorAt(static_cast<int>(-result), "allocate", path_, 0, bytes);
  }
  ASSIGN_OR_RETURN(const uint64_t size, Size());
  if (size < bytes && ::ftruncate(buffered_.get(), length) != 0) {
    return IoErrorAt(errno, "extend", path_, 0, bytes);
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PosixFile::Size() {
  struct stat info {};
  if (::fstat(buffered_.get(), &info) != 0) return IoError(errno, "stat", path_);
  return static_cast<uint64_t>(info.st_size);
}

absl::StatusOr<uint64_t> PosixFile::Links() {
  struct stat info {};
  if (::fstat(buffered_.get(), &info) != 0) return IoError(errno, "stat", path_);
  return static_cast<uint64_t>(info.st_nlink);
}

absl::StatusOr<uint64_t> PosixFile::DropCached() {
  const uint64_t pages = CachedPages(buffered_.get());
  if (pages == 0) return uint64_t{0};
  const int error = ::posix_fadvise(buffered_.get(), 0, 0, POSIX_FADV_DONTNEED);
  if (error != 0) return IoError(error, "drop cached pages of", path_);
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace stet::wal
