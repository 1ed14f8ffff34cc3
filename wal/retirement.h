// What becomes of segments that nobody needs any more.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>

#include "base/mutex.h"
#include "wal/segment_writer.h"

namespace stet::wal {

// The lock file that a backup holds while it reads segments: none of them is used again then.
inline constexpr std::string_view kRetainName = "RETAIN";

// Retires segment files of one directory, always the oldest first, each for good before the next: a
// crash leaves the log without some of its beginning, and never with a hole.
//
// One thread retires; any may ask for spares.
class Retirement {
 public:
  explicit Retirement(const SegmentIdentity& identity) : identity_(identity) {}
  Retirement(const Retirement&) = delete;
  Retirement& operator=(const Retirement&) = delete;

  // Retires all segments below `segno` that the directory lists.  After an error it may be called
  // again: it goes on where it ended.
  absl::Status RetireBefore(uint64_t segno);

  // A file that was a segment of exactly `bytes`, durably under another name, which is given away;
  // nothing if there is none.
  std::optional<std::string> TakeSpare(uint64_t bytes);

  uint64_t retired() const { return retired_.load(); }

 private:
  struct Spare {
    std::string path = {};
    uint64_t bytes = 0;
  };

  absl::Status RetireOne(uint64_t segno);
  absl::Status Archive(const std::string& name);
  absl::StatusOr<bool> KeepAsSpare(const std::string& path);
  bool WantsSpare(uint64_t bytes);

  const SegmentIdentity& identity_;
  std::atomic<uint64_t> retired_ = 0;
  Mutex mutex_;
  std::vector<Spare> spares_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stet::wal
