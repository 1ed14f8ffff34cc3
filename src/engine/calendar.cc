// Cron expressions and intervals on the wall clock.
#include "engine/calendar.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "core/refusal.h"
#include "stet/cron.h"

namespace stet::engine {
namespace {

constexpr int64_t kSpanNs = 3'600'000'000'000;

// A zone that the system has lost meanwhile is taken for UTC: better an hour off than never.
absl::TimeZone ZoneOrUtc(const std::string& name) {
  absl::TimeZone zone = absl::UTCTimeZone();
  (void)absl::LoadTimeZone(name, &zone);
  return zone;
}

int64_t NextOfInterval(const core::Schedule& schedule, int64_t after) {
  if (after < schedule.anchor) return schedule.anchor + schedule.every;
  const int64_t passed = (after - schedule.anchor) / schedule.every;
  if (passed + 1 > (std::numeric_limits<int64_t>::max() - schedule.anchor) / schedule.every) {
    return 0;
  }
  return schedule.anchor + (passed + 1) * schedule.every;
}

class Cron {
 public:
  explicit Cron(const core::Schedule& schedule)
      : expression_(CronExpression::Parse(schedule.cron)), zone_(ZoneOrUtc(schedule.zone)) {}

  int64_t Next(int64_t after) const {
    if (!expression_.ok()) return 0;
    const std::optional<absl::Time> next = expression_->Next(absl::FromUnixNanos(after), zone_);
    return next.has_value() ? absl::ToUnixNanos(*next) : 0;
  }

 private:
  absl::StatusOr<CronExpression> expression_;
  absl::TimeZone zone_;
};

Times OfInterval(const core::Schedule& schedule, int64_t first, int64_t last, size_t newest_max) {
  const auto count = static_cast<uint64_t>((last - first) / schedule.every) + 1;
  const uint64_t kept = std::min<uint64_t>(count, newest_max);
  Times times = {.older = count - kept};
  for (uint64_t i = count - kept; i < count; ++i) {
    times.newest.push_back(first + static_cast<int64_t>(i) * schedule.every);
  }
  return times;
}

Times Window(const Cron& cron, int64_t from, int64_t last, size_t newest_max) {
  Times times;
  for (int64_t at = cron.Next(from - 1); at != 0 && at <= last; at = cron.Next(at)) {
    times.newest.push_back(at);
  }
  if (times.newest.size() > newest_max) {
    times.older = times.newest.size() - newest_max;
    times.newest.erase(times.newest.begin(),
                       times.newest.end() - static_cast<std::ptrdiff_t>(newest_max));
  }
  return times;
}

}  // namespace

absl::StatusOr<absl::TimeZone> ZoneOf(const std::string& name) {
  absl::TimeZone zone;
  if (absl::LoadTimeZone(name, &zone)) return zone;
  return core::Refuse(absl::StatusCode::kInvalidArgument, Reason::kInvalidSchedule,
                      fmt::format("schedule: this system knows no time zone \"{}\"", name),
                      {{"field", "zone"}});
}

int64_t NextTime(const core::Schedule& schedule, int64_t after) {
  return schedule.cron.empty() ? NextOfInterval(schedule, after) : Cron(schedule).Next(after);
}

Times TimesBetween(const core::Schedule& schedule, int64_t first, int64_t last, size_t newest_max) {
  if (first > last) return {};
  if (schedule.cron.empty()) return OfInterval(schedule, first, last, newest_max);
  const Cron cron(schedule);
  // After a long time only the newest matter: looked for in a span that grows towards the past.
  for (int64_t span = kSpanNs;; span = span > last / 4 ? last : span * 4) {
    const int64_t from = std::max(first, last - span);
    Times times = Window(cron, from, last, newest_max);
    if (from == first) return times;
    if (times.newest.size() < newest_max) continue;
    times.older += 1;
    return times;
  }
}

}  // namespace stet::engine
