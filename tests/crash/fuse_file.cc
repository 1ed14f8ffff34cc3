// Requests in, answers out.  The protocol is in <linux/fuse.h>.
#include "tests/crash/fuse_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace stet::wal {
namespace {

constexpr uint32_t kDataBytesMax = 128 << 10;
constexpr uint64_t kValidSeconds = 3600;

template <typename T>
T Take(std::span<const std::byte> bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), std::min(sizeof(T), bytes.size()));
  return value;
}

template <typename T>
std::span<const std::byte> BytesOfReply(const T& value) {
  return std::as_bytes(std::span<const T, 1>(&value, 1));
}

}  // namespace

int MountFuseFile(const char* path) {
  const int fd = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fd < 0) return -1;
  char options[128];
  std::snprintf(options, sizeof(options), "fd=%d,rootmode=100000,user_id=0,group_id=0,allow_other",
                fd);
  if (::mount("stet-crashdisk", path, "fuse", MS_NOSUID | MS_NODEV, options) != 0) {
    const int error = errno;
    ::close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

FuseFile::FuseFile(int fuse_fd, ServedDisk* disk)
    : fd_(fuse_fd),
      disk_(disk),
      request_(kDataBytesMax + FUSE_MIN_READ_BUFFER),
      data_(kDataBytesMax) {}

void FuseFile::Serve() {
  while (true) {
    const ssize_t size = ::read(fd_, request_.data(), request_.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT)) continue;
    if (size < static_cast<ssize_t>(sizeof(fuse_in_header))) return;  // ENODEV: unmounted
    Answer(std::span<const std::byte>(request_).first(static_cast<size_t>(size)));
  }
}

void FuseFile::Reply(uint64_t unique, int error, std::span<const std::byte> body) {
  fuse_out_header header{.len = static_cast<uint32_t>(sizeof(fuse_out_header) + body.size()),
                         .error = error,
                         .unique = unique};
  iovec parts[] = {{.iov_base = &header, .iov_len = sizeof(header)},
                   {.iov_base = const_cast<std::byte*>(body.data()), .iov_len = body.size()}};
  // Fails only for a request that nobody waits for any more.
  [[maybe_unused]] const ssize_t written = ::writev(fd_, parts, body.empty() ? 1 : 2);
}

void FuseFile::AnswerInit(uint64_t unique, std::span<const std::byte> body) {
  const auto in = Take<fuse_init_in>(body);
  fuse_init_out out{};
  out.major = FUSE_KERNEL_VERSION;
  out.minor = std::min<uint32_t>(FUSE_KERNEL_MINOR_VERSION, in.minor);
  out.max_readahead = in.max_readahead;
  out.flags = (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_ASYNC_DIO) & in.flags;
  out.max_background = 64;
  out.congestion_threshold = 48;
  out.max_write = kDataBytesMax;
  out.time_gran = 1;
  out.max_pages = kDataBytesMax / kPageBytes;
  Reply(unique, 0, BytesOfReply(out));
}

void FuseFile::AnswerAttributes(uint64_t unique) {
  fuse_attr_out out{};
  out.attr_valid = kValidSeconds;
  out.attr.ino = FUSE_ROOT_ID;
  out.attr.size = disk_->bytes();
  out.attr.blocks = disk_->bytes() / kDiskSectorBytes;
  out.attr.mode = S_IFREG | 0600;
  out.attr.nlink = 1;
  out.attr.blksize = kPageBytes;
  Reply(unique, 0, BytesOfReply(out));
}

void FuseFile::AnswerRead(uint64_t unique, std::span<const std::byte> body) {
  const auto in = Take<fuse_read_in>(body);
  const uint64_t left = in.offset < disk_->bytes() ? disk_->bytes() - in.offset : 0;
  const std::span<std::byte> out =
      std::span(data_).first(std::min<uint64_t>({in.size, left, data_.size()}));
  const int error = disk_->Read(in.offset, out);
  Reply(unique, error, error == 0 ? std::span<const std::byte>(out) : std::span<const std::byte>());
}

void FuseFile::AnswerWrite(uint64_t unique, std::span<const std::byte> body) {
  const auto in = Take<fuse_write_in>(body);
  const std::span<const std::byte> data = body.subspan(sizeof(in));
  const int error = disk_->Write(in.offset, data.first(std::min<size_t>(in.size, data.size())));
  const fuse_write_out out{.size = in.size, .padding = 0};
  Reply(unique, error, error == 0 ? BytesOfReply(out) : std::span<const std::byte>());
}

void FuseFile::Answer(std::span<const std::byte> request) {
  const auto header = Take<fuse_in_header>(request);
  const std::span<const std::byte> body = request.subspan(sizeof(header));
  switch (header.opcode) {
    case FUSE_INIT:
      return AnswerInit(header.unique, body);
    case FUSE_GETATTR:
    case FUSE_SETATTR:
      return AnswerAttributes(header.unique);
    case FUSE_OPEN: {
      fuse_open_out out{};
      // Each request of the loop device comes here as it is, and no page cache keeps it.
      out.open_flags = FOPEN_DIRECT_IO;
      return Reply(header.unique, 0, BytesOfReply(out));
    }
    case FUSE_READ:
      return AnswerRead(header.unique, body);
    case FUSE_WRITE:
      return AnswerWrite(header.unique, body);
    case FUSE_FSYNC:
      return Reply(header.unique, disk_->Flush(), {});
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_DESTROY:
    case FUSE_ACCESS:
      return Reply(header.unique, 0, {});
    case FUSE_STATFS:
      return Reply(header.unique, 0, BytesOfReply(fuse_statfs_out{}));
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      return;  // want no answer
    default:
      return Reply(header.unique, -ENOSYS, {});
  }
}

}  // namespace stet::wal
