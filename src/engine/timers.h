// What is to happen at a time: timer effects in the order in which they are due.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>

#include <absl/container/btree_set.h>
#include <absl/time/time.h>

#include "core/effect.h"

namespace stet::engine {

// Not thread-safe: the loop owns it.  A B-tree and not a heap: most timeouts are disarmed long
// before they are due, and would pile up in a heap.
class Timers {
 public:
  // `timer` is of one of the kinds that have an at_ns.  Its at_ns is on the engine's clock.
  void Arm(const core::Effect& timer) { timers_.insert(timer); }
  void Disarm(const core::Effect& timer) { timers_.erase(timer); }

  bool Holds(const core::Effect& timer) const { return timers_.contains(timer); }

  // The earliest, if it is due at `now`; null otherwise.  Valid until the timers change.
  const core::Effect* Due(absl::Time now) const;

  // When the earliest is due; InfiniteFuture if there is none.
  absl::Time next() const;

  size_t size() const { return timers_.size(); }

 private:
  // What is due at the same time goes by execution and task: the same order in every process.
  struct Sooner {
    bool operator()(const core::Effect& a, const core::Effect& b) const {
      return std::tie(a.at_ns, a.execution, a.task, a.kind, a.token) <
             std::tie(b.at_ns, b.execution, b.task, b.kind, b.token);
    }
  };
  absl::btree_set<core::Effect, Sooner> timers_;
};

}  // namespace stet::engine
