// The bytes of a disk in memory: sparse, and cheap to copy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>

namespace stet::wal {

inline constexpr uint64_t kPageBytes = 4096;
inline constexpr uint64_t kDiskSectorBytes = 512;  // what a disk writes whole or not at all

// Copies share their pages until one of them is written.  What was never written reads as zeros.
class DiskImage {
 public:
  explicit DiskImage(uint64_t bytes) : bytes_(bytes) {}

  uint64_t bytes() const { return bytes_; }
  // Both stay inside the disk; what lies outside reads as zeros and is not written.
  void Read(uint64_t offset, std::span<std::byte> out) const;
  void Write(uint64_t offset, std::span<const std::byte> data);

 private:
  using Page = std::array<std::byte, kPageBytes>;

  Page* Own(uint64_t page);

  uint64_t bytes_;
  std::map<uint64_t, std::shared_ptr<Page>> pages_;
};

}  // namespace stet::wal
