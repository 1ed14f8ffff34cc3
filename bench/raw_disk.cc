// Durable overwrites without a log.
#include "bench/raw_disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "bench/latency.h"

namespace stet::bench {
namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kBlocks = 4096;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

absl::Status Failed(const char* what, const std::string& path) {
  return absl::ErrnoToStatus(errno, fmt::format("{} {}", what, path));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Blocks that were never written take a slower way in the file system.
absl::Status Prepare(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  if (file.get() < 0) return Failed("open", path);
  const std::vector<char> zeros(kBlock * kBlocks);
  if (write(file.get(), zeros.data(), zeros.size()) != static_cast<ssize_t>(zeros.size())) {
    return Failed("write", path);
  }
  return fsync(file.get()) == 0 ? absl::OkStatus() : Failed("fsync", path);
}

}  // namespace

absl::StatusOr<Samples> RawDurableOverwrites(const std::string& folder, size_t bytes,
                                             double seconds) {
  const std::string path = folder + "/raw";
  if (absl::Status prepared = Prepare(path); !prepared.ok()) return prepared;
  const Descriptor file(open(path.c_str(), O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC));
  if (file.get() < 0) return Failed("open", path);
  const std::unique_ptr<void, Free> block(std::aligned_alloc(kBlock, bytes));
  std::memset(block.get(), 'r', bytes);
  Latencies latencies;
  const int64_t begin = NowNanos();
  const int64_t end = begin + static_cast<int64_t>(seconds * 1e9);
  int64_t now = begin;
  for (size_t i = 0; now < end; ++i) {
    const auto offset = static_cast<off_t>(i % (kBlock * kBlocks / bytes) * bytes);
    if (pwrite(file.get(), block.get(), bytes, offset) != static_cast<ssize_t>(bytes))
      return Failed("write", path);
    const int64_t done = NowNanos();
    latencies.Add(done - now);
    now = done;
  }
  return latencies.Describe(now - begin);
}

}  // namespace stet::bench
