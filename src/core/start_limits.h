// How many attempts of an activity may run at once, and how many may start within a time.
//
// The limits are the process's, not the log's: they bound what is started from now on.  What they count
// is in the state, so that a new process goes on where the old one was.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/state.h"
#include "stet/policy.h"

namespace stet::core {

class StartLimits {
 public:
  // By the activity's name.
  using Limits = std::map<std::string, ActivityLimit>;

  explicit StartLimits(Limits limits) : limits_(std::move(limits)) {}

  // Learns from the state which starts are recent.  Purged executions and attempts that are remembered
  // no longer do not count.
  void Recall(const State& state, int64_t now);

  // Whether an attempt of the activity may start.
  bool HasRoom(const State& state, uint32_t activity);
  bool InRate(const State& state, uint32_t activity, int64_t now);

  // An attempt of it has started.
  void Started(const State& state, uint32_t activity, int64_t now);

  // The limit of an activity; null when it has none.
  const ActivityLimit* Find(const State& state, uint32_t activity);
  // From when on the activity is in its rate again.
  int64_t NextStart(const State& state, uint32_t activity);
  // The earliest NextStart of activities that were refused since the last call; INT64_MAX if there was none.
  int64_t TakeNextStart();

 private:
  struct Gate {
    const ActivityLimit* limit = nullptr;
    std::deque<int64_t> starts = {};  // the last limit->starts of them, ascending
  };
  Gate& GateOf(const State& state, uint32_t activity);

  const Limits limits_;
  std::vector<Gate> gates_ = {};  // by the activity's number
  int64_t next_start_ = INT64_MAX;
};

}  // namespace stet::core
