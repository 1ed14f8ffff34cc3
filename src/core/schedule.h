// Schedules as State holds them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>

#include "core/definition.h"
#include "core/ref.h"
#include "stet/schedule.h"

namespace stet::core {

inline constexpr size_t kSchedulesMax = 10'000;
inline constexpr size_t kScheduleNameBytesMax = 200;  // room for a time behind it, in keys
inline constexpr size_t kOccurrencesMax = 10'000;     // of a schedule, that wait
inline constexpr uint32_t kCatchUpMax = 1000;
inline constexpr int64_t kScheduleLateNs = 60'000'000'000;  // later than that is missed
inline constexpr int64_t kScheduleEveryMinNs = 1'000'000;

// Times are wall time in ns.
struct Schedule {
  uint64_t seq = 0;  // of its creation; names it
  std::string name = {};
  const Definition* definition = nullptr;
  PayloadRef input = {};
  std::string cron = {};
  std::string zone = {};
  int64_t every = 0;
  int64_t anchor = 0;  // `every` counts from here
  Misfire misfire = Misfire::kSkip;
  Overlap overlap = Overlap::kSkip;
  uint32_t catch_up_max = 1;
  bool paused = false;
  int64_t next_at = 0;  // the next time of its calendar; 0: there is none
  int64_t last_at = 0;  // of the newest execution
  uint64_t started = 0;
  uint64_t skipped = 0;
  std::vector<int64_t> waiting =
      {};  // times that have come, in the order in which they are to fire
  std::vector<uint64_t> running = {};  // executions, ascending
  uint64_t digest = 0;

  friend bool operator==(const Schedule& a, const Schedule& b);
};

// The key of the execution that stands for a time of the schedule: "nightly/2026-11-21T03:00:00Z".
std::string OccurrenceKey(const Schedule& schedule, int64_t at);

class ScheduleBook {
 public:
  using ById = absl::btree_map<uint64_t, std::unique_ptr<Schedule>>;

  // In the order in which they were created.
  const ById& all() const { return by_id_; }
  // Null when there is none.
  const Schedule* Find(uint64_t seq) const {
    const auto at = by_id_.find(seq);
    return at == by_id_.end() ? nullptr : at->second.get();
  }
  const Schedule* FindByName(std::string_view name) const {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : at->second;
  }
  // When the next times come, with the schedules: of those that are not paused.
  const absl::btree_set<std::pair<int64_t, uint64_t>>& times() const { return times_; }
  // Those that have something to do now: RunSchedule.
  const absl::btree_set<uint64_t>& to_run() const { return to_run_; }

  friend bool operator==(const ScheduleBook& a, const ScheduleBook& b);

 private:
  friend class Editor;
  friend class SnapshotDecoder;
  Schedule* Edit(uint64_t seq) {
    const auto at = by_id_.find(seq);
    return at == by_id_.end() ? nullptr : at->second.get();
  }
  void Add(Schedule schedule);
  void Remove(uint64_t seq);
  // Around each change: takes it out of the indices, puts it back.
  void Unindex(const Schedule& schedule);
  void Index(const Schedule& schedule, bool to_run);

  ById by_id_ = {};
  absl::btree_map<std::string_view, Schedule*> by_name_ = {};
  absl::btree_set<std::pair<int64_t, uint64_t>> times_ = {};
  absl::btree_set<uint64_t> to_run_ = {};
};

}  // namespace stet::core
