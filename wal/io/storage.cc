// Time and randomness of the machine.
#include "stet/wal/storage.h"

#include <sys/random.h>
#include <time.h>

#include <chrono>
#include <random>

namespace stet::wal {
namespace {

int64_t Nanos(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

absl::Status Storage::Link(const std::string& from, const std::string& /*to*/) {
  return absl::UnimplementedError(from + ": this storage gives no second names");
}

void Queue::RegisterBuffers(std::span<const std::span<std::byte>> /*buffers*/) {}

FileSystemFacts Storage::Describe(const std::string& directory) { return {.directory = directory}; }

std::optional<int> Storage::LockHolder(const std::string& /*path*/) { return std::nullopt; }

int64_t Storage::WallNanos() { return Nanos(CLOCK_REALTIME); }

int64_t Storage::MonotonicNanos() { return Nanos(CLOCK_MONOTONIC); }

uint64_t Storage::Random() {
  uint64_t bits = 0;
  if (::getrandom(&bits, sizeof(bits), 0) == ssize_t{sizeof(bits)}) return bits;
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace stet::wal
