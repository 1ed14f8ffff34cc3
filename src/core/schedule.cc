// Schedules: names of their policies, and their indices.
#include "core/schedule.h"

#include <algorithm>
#include <iterator>

#include <absl/time/time.h>
#include <fmt/format.h>

namespace stet {
namespace {

// In the order of the enumerations.
constexpr std::string_view kMisfires[] = {"skip", "coalesce", "catch_up"};
constexpr std::string_view kOverlaps[] = {"skip", "queue_one", "cancel_previous", "allow"};

template <class E, size_t N>
std::optional<E> PolicyFrom(const std::string_view (&names)[N], std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<E>(i);
  }
  return std::nullopt;
}

template <size_t N>
std::string_view NameOf(const std::string_view (&names)[N], size_t index) {
  return index < N ? names[index] : "unknown";
}

}  // namespace

std::string_view ToString(Misfire misfire) {
  return NameOf(kMisfires, static_cast<size_t>(misfire));
}
std::string_view ToString(Overlap overlap) {
  return NameOf(kOverlaps, static_cast<size_t>(overlap));
}
std::optional<Misfire> MisfireFrom(std::string_view name) {
  return PolicyFrom<Misfire>(kMisfires, name);
}
std::optional<Overlap> OverlapFrom(std::string_view name) {
  return PolicyFrom<Overlap>(kOverlaps, name);
}

namespace core {

bool operator==(const Schedule& a, const Schedule& b) {
  return a.seq == b.seq && a.name == b.name && a.definition->hash() == b.definition->hash() &&
         a.input == b.input && a.cron == b.cron && a.zone == b.zone && a.every == b.every &&
         a.anchor == b.anchor && a.misfire == b.misfire && a.overlap == b.overlap &&
         a.catch_up_max == b.catch_up_max && a.paused == b.paused && a.next_at == b.next_at &&
         a.last_at == b.last_at && a.started == b.started && a.skipped == b.skipped &&
         a.waiting == b.waiting && a.running == b.running && a.digest == b.digest;
}

bool operator==(const ScheduleBook& a, const ScheduleBook& b) {
  return a.times_ == b.times_ && a.to_run_ == b.to_run_ &&
         std::equal(a.by_id_.begin(), a.by_id_.end(), b.by_id_.begin(), b.by_id_.end(),
                    [](const auto& x, const auto& y) { return *x.second == *y.second; });
}

std::string OccurrenceKey(const Schedule& schedule, int64_t at) {
  return fmt::format(
      "{}/{}", schedule.name,
      absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixNanos(at), absl::UTCTimeZone()));
}

void ScheduleBook::Add(Schedule schedule) {
  auto owned = std::make_unique<Schedule>(std::move(schedule));
  Schedule* added = owned.get();
  by_id_.emplace(added->seq, std::move(owned));
  by_name_.emplace(added->name, added);
}

void ScheduleBook::Remove(uint64_t seq) {
  Schedule* gone = Edit(seq);
  Unindex(*gone);
  by_name_.erase(gone->name);
  by_id_.erase(seq);
}

void ScheduleBook::Unindex(const Schedule& schedule) {
  times_.erase({schedule.next_at, schedule.seq});
  to_run_.erase(schedule.seq);
}

void ScheduleBook::Index(const Schedule& schedule, bool to_run) {
  if (!schedule.paused && schedule.next_at != 0) times_.emplace(schedule.next_at, schedule.seq);
  if (to_run) to_run_.insert(schedule.seq);
}

}  // namespace core
}  // namespace stet
