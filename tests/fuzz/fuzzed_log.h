// A small log on a simulated disk, some of whose bytes a fuzzer chose; and everything that reads logs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "stet/wal/record.h"
#include "tests/sim/sim_disk.h"

namespace stet::wal {

// Ends the process with `text` if `good` does not hold: what a fuzzer takes note of.
void Demand(bool good, const std::string& text);

// What a fuzzer gave, read from its front; zeros behind its end.
class FuzzInput {
 public:
  explicit FuzzInput(Bytes data) : data_(data) {}
  uint8_t Byte();
  // The next `size` bytes of the input, XORed onto `bytes`: zeros leave them as they are.
  void Onto(std::span<std::byte> bytes);
  Bytes Rest() { return data_; }

 private:
  Bytes data_;
};

// Two segments, the first finished, the second in use, closed by no slot; a few records each.
class FuzzedLog {
 public:
  static constexpr uint64_t kAlign = 4096;
  static constexpr const char* kDirectory = "/log";

  FuzzedLog();

  SimDisk& disk() { return disk_; }
  static std::string PathOf(uint64_t segno);

  // Bytes of a segment, from the disk and back.
  std::vector<std::byte> Read(uint64_t segno, uint64_t offset, uint64_t size) const;
  void Write(uint64_t segno, uint64_t offset, Bytes bytes);

  // Opens the log, reads all of it, and lets each inspection look at it.  Whatever stands there, every call ends, what is read is
  // dense and as long as was said, and two looks agree.
  void LookAtAll() const;

 private:
  SimDisk disk_;
};

}  // namespace stet::wal
