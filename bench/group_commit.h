// The group commit that one writes first: a mutex, a condition variable, and a leader that writes
// for all.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "tools/walbench/raw_file.h"

namespace stet::bench {

// Events of 100 B, framed and checked as in bare_log.h, over a prewritten file past the page cache:
// the disk's part is the same as the log's, so that the difference is the coordination of threads.
class GroupCommit {
 public:
  static absl::StatusOr<std::unique_ptr<GroupCommit>> Open(const std::string& folder);

  // Appends one event and returns when it is durable.  From any thread.
  absl::Status Append();

 private:
  GroupCommit(walbench::Descriptor file, uint64_t pool_bytes);
  absl::Status WriteOut(std::byte* buffer, size_t used);

  const walbench::Descriptor file_;
  const uint64_t pool_bytes_;
  std::mutex mutex_;
  std::condition_variable durable_changed_;
  walbench::AlignedMemory open_;     // where events go
  walbench::AlignedMemory writing_;  // the leader's, while one is writing
  size_t open_used_ = 0;
  uint64_t appended_ = 0;
  uint64_t durable_ = 0;
  bool leader_ = false;  // somebody writes
  uint64_t offset_ = 0;  // the leader's
  absl::Status status_;
};

}  // namespace stet::bench
