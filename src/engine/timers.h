// What is to happen at a time: a queue ordered by engine time.
#pragma once

#include <cstdint>
#include <optional>

#include <absl/container/btree_set.h>
#include <absl/time/time.h>

namespace stet::engine {

// What the loop does when the time comes.
struct Timer {
  enum class Kind : uint8_t { kRetry, kTimeout };

  absl::Time at = absl::InfiniteFuture();
  uint64_t seq = 0;  // of the event that armed it: breaks ties, so that order is the log's
  Kind kind = Kind::kRetry;
  uint64_t execution = 0;
  uint32_t task = 0;

  friend bool operator<(const Timer& a, const Timer& b) {
    if (a.at != b.at) return a.at < b.at;
    if (a.seq != b.seq) return a.seq < b.seq;
    if (a.execution != b.execution) return a.execution < b.execution;
    return a.task < b.task;
  }
};

// Not thread-safe: the loop owns it.  A B-tree and not a heap: most timeouts are disarmed long
// before they are due, and would pile up in a heap.
class Timers {
 public:
  void Arm(const Timer& timer) { timers_.insert(timer); }
  void Disarm(const Timer& timer) { timers_.erase(timer); }

  // Removes and returns the earliest if it is due.
  std::optional<Timer> TakeDue(absl::Time now);

  // When the earliest is due; InfiniteFuture if there is none.
  absl::Time next() const;
  size_t size() const { return timers_.size(); }

 private:
  absl::btree_set<Timer> timers_;
};

}  // namespace stet::engine
