// Preparing files for raw I/O.
#include "tools/walbench/raw_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "tools/stet/status_macros.h"

namespace stet::walbench {
namespace {

constexpr size_t kAlign = 4096;
constexpr uint64_t kPiece = 1 << 20;

absl::Status Fill(const Descriptor& file, const std::string& path, uint64_t bytes) {
  const AlignedMemory piece = NoiseBlock(kPiece);
  for (uint64_t offset = 0; offset < bytes; offset += kPiece) {
    const ssize_t done = ::pwrite(file.get(), piece.get(), kPiece, static_cast<off_t>(offset));
    if (done < 0) return ErrnoStatus(fmt::format("write {} at {}", path, offset));
    if (static_cast<uint64_t>(done) != kPiece) {
      return absl::ResourceExhaustedError(
          fmt::format("write {} at {}: {} of {} bytes", path, offset, done, kPiece));
    }
  }
  if (::fsync(file.get()) != 0) return ErrnoStatus("fsync " + path);
  return absl::OkStatus();
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status ErrnoStatus(const std::string& what) { return absl::ErrnoToStatus(errno, what); }

void FreeMemory::operator()(std::byte* memory) const { std::free(memory); }

AlignedMemory NoiseBlock(size_t bytes) {
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(kAlign, bytes));
  if (memory == nullptr) throw std::bad_alloc();
  uint64_t state = 0x9e37'79b9'7f4a'7c15;
  for (size_t i = 0; i < bytes; ++i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    memory[i] = static_cast<std::byte>(state >> 56);
  }
  return AlignedMemory(memory);
}

absl::StatusOr<Descriptor> OpenRaw(const std::string& path, Caching caching) {
  const int flags = O_RDWR | O_CLOEXEC | (caching == Caching::kDirect ? O_DIRECT : 0);
  Descriptor file(::open(path.c_str(), flags));
  if (!file.ok()) return ErrnoStatus("open " + path);
  return file;
}

absl::Status Prewrite(const std::string& path, uint64_t bytes) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_DIRECT, 0600));
  if (!file.ok() && errno == EINVAL) {
    // The file system made the file, and then refused the flag.
    file = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  }
  if (!file.ok()) return ErrnoStatus("create " + path);
  STET_RETURN_IF_ERROR(Fill(file, path, bytes));
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  return absl::OkStatus();
}

absl::StatusOr<Descriptor> NamelessFile(const std::string& directory, uint64_t bytes,
                                        Caching caching) {
  const std::string path = directory + "/raw";
  const absl::Status written = Prewrite(path, bytes);
  absl::StatusOr<Descriptor> file =
      written.ok() ? OpenRaw(path, caching) : absl::StatusOr<Descriptor>(written);
  ::unlink(path.c_str());
  return file;
}

}  // namespace stet::walbench
