// Files for raw I/O: every block written once, no page of them in the page cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace stet::walbench {

// An open file; closed by the destructor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// How a file is opened.  kDirect goes past the page cache.
enum class Caching : uint8_t { kDirect, kBuffered };

// Makes the file at `path` and writes `bytes` (a multiple of 1 MiB) of it, past the page cache
// where the file system can, durable at the end: what is written there later overwrites blocks that
// the file system has, as a log does in a segment filled with zeros.
absl::Status Prewrite(const std::string& path, uint64_t bytes);

// Errors: InvalidArgument where the file system refuses direct I/O.
absl::StatusOr<Descriptor> OpenRaw(const std::string& path, Caching caching);

// A prewritten file that has no name any more: it is gone with its descriptor, whatever happens.
absl::StatusOr<Descriptor> NamelessFile(const std::string& directory, uint64_t bytes,
                                        Caching caching);

// Memory for direct I/O, aligned to 4096, filled with bytes that do not compress.
struct FreeMemory {
  void operator()(std::byte* memory) const;
};
using AlignedMemory = std::unique_ptr<std::byte[], FreeMemory>;
AlignedMemory NoiseBlock(size_t bytes);

// "pwrite: No space left on device" as a Status, from errno.
absl::Status ErrnoStatus(const std::string& what);

}  // namespace stet::walbench
