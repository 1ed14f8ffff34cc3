// The disk behind the FUSE file: contents, history, faults.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <random>
#include <span>
#include <vector>

#include "tests/crash/crash_disk_control.h"

namespace stet::wal {

// Thread-safe.  Read, Write and Flush return 0 or -errno.
class ServedDisk {
 public:
  ServedDisk(uint64_t bytes, const Promises* promises) : promises_(promises), image_(bytes) {}

  uint64_t bytes() const { return image_.bytes(); }
  int Read(uint64_t offset, std::span<std::byte> out);
  int Write(uint64_t offset, std::span<const std::byte> data);
  int Flush();

  DiskAnswer Obey(const DiskRequest& request);

 private:
  PromisesThen Sample() const;
  void Complete(bool failed, size_t operation);
  // Whether the fault concerns this request; counts it.
  DiskFault::Kind Strike(std::span<const std::byte> data,
                         std::initializer_list<DiskFault::Kind> kinds);
  bool Concerns(std::span<const std::byte> data);
  // What stood where a batch was written, until a flush covers it.
  struct Unflushed {
    uint64_t offset = 0;
    std::vector<std::byte> before = {};
  };
  void Remember(uint64_t offset, std::span<const std::byte> data);
  void LoseUnflushed();
  void Store(DiskFault::Kind fault, uint64_t offset, std::span<const std::byte> data);

  const Promises* const promises_;
  std::mutex mutex_;
  DiskImage image_;
  std::vector<DiskHistory> histories_;
  bool recording_ = false;  // in the last one
  std::vector<Unflushed> unflushed_;
  DiskFault fault_ = {};
  DiskCounts counts_ = {};
  uint64_t aimed_lsn_ = 0;  // of the batch that Concerns found
  uint64_t in_flight_ = 0;
  uint32_t delay_us_max_ = 0;
  std::mt19937_64 random_{1};
};

}  // namespace stet::wal
