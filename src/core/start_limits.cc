// A window that slides over the last starts.
#include "core/start_limits.h"

#include <algorithm>

#include <absl/time/time.h>

namespace stet::core {
namespace {

// A start at `at` counts until then.
int64_t CountsUntil(int64_t at, const ActivityLimit& limit) {
  const int64_t per = absl::ToInt64Nanoseconds(limit.per);
  return at > INT64_MAX - per ? INT64_MAX : at + per;
}

}  // namespace

StartLimits::Gate& StartLimits::GateOf(const State& state, uint32_t activity) {
  while (gates_.size() <= activity) {
    const auto number = static_cast<uint32_t>(gates_.size());
    const auto limit = limits_.find(state.activities()[number].name);
    gates_.push_back({.limit = limit == limits_.end() ? nullptr : &limit->second});
  }
  return gates_[activity];
}

const ActivityLimit* StartLimits::Find(const State& state, uint32_t activity) {
  return GateOf(state, activity).limit;
}

void StartLimits::Recall(const State& state, int64_t now) {
  if (limits_.empty()) return;
  const auto recall = [&](uint32_t activity, int64_t started_at) {
    Gate& gate = GateOf(state, activity);
    const bool counts = gate.limit != nullptr && gate.limit->starts > 0 && started_at != 0 &&
                        CountsUntil(started_at, *gate.limit) > now;
    if (counts) gate.starts.push_back(started_at);
  };
  for (const auto& execution : state.executions()) {
    for (uint32_t task = 0; task < execution->tasks.size(); ++task) {
      const uint32_t activity = ActivityNumberOf(*execution, task);
      const auto notes = execution->history.of(task);
      for (const AttemptNote& note : notes) recall(activity, note.started_at);
      const int64_t started_at = execution->tasks[task].started_at;
      if (notes.empty() || notes.back().started_at != started_at) recall(activity, started_at);
    }
  }
  for (Gate& gate : gates_) {
    std::sort(gate.starts.begin(), gate.starts.end());
    while (gate.limit != nullptr && gate.starts.size() > gate.limit->starts) {
      gate.starts.pop_front();
    }
  }
}

bool StartLimits::HasRoom(const State& state, uint32_t activity) {
  const ActivityLimit* limit = GateOf(state, activity).limit;
  return limit == nullptr || limit->concurrency == 0 ||
         state.activities()[activity].running < limit->concurrency;
}

int64_t StartLimits::NextStart(const State& state, uint32_t activity) {
  const Gate& gate = GateOf(state, activity);
  const bool free =
      gate.limit == nullptr || gate.limit->starts == 0 || gate.starts.size() < gate.limit->starts;
  return free ? INT64_MIN : CountsUntil(gate.starts.front(), *gate.limit);
}

bool StartLimits::InRate(const State& state, uint32_t activity, int64_t now) {
  const int64_t next = NextStart(state, activity);
  if (next <= now) return true;
  next_start_ = std::min(next_start_, next);
  return false;
}

void StartLimits::Started(const State& state, uint32_t activity, int64_t now) {
  Gate& gate = GateOf(state, activity);
  if (gate.limit == nullptr || gate.limit->starts == 0) return;
  gate.starts.push_back(now);
  if (gate.starts.size() > gate.limit->starts) gate.starts.pop_front();
}

int64_t StartLimits::TakeNextStart() {
  const int64_t next = next_start_;
  next_start_ = INT64_MAX;
  return next;
}

}  // namespace stet::core
