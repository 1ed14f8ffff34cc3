// When a cron expression matches next.
#include <algorithm>

#include "stet/cron.h"

namespace stet {
namespace {

// 0 Sunday.
int WeekdayOf(absl::CivilDay day) {
  return (static_cast<int>(absl::GetWeekday(day)) - static_cast<int>(absl::Weekday::sunday) + 7) %
         7;
}

bool IsInLastWeek(absl::CivilDay day) { return absl::CivilMonth(day + 7) != absl::CivilMonth(day); }

bool IsLastOfMonth(absl::CivilDay day) {
  return absl::CivilMonth(day + 1) != absl::CivilMonth(day);
}

// The smallest value from `from` on, or -1.
template <size_t N>
int FirstFrom(const std::bitset<N>& set, int from) {
  for (size_t i = static_cast<size_t>(from); i < N; ++i) {
    if (set[i]) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

bool CronExpression::Matches(absl::CivilDay day) const {
  if (!months_[static_cast<size_t>(day.month())]) return false;
  const auto weekday = static_cast<size_t>(WeekdayOf(day));
  const unsigned nth = static_cast<unsigned>(day.day() - 1) / 7;
  const unsigned places = nth_weekday_[weekday];
  const bool by_weekday = weekdays_[weekday] || (places >> nth & 1U) != 0 ||
                          ((places >> 7 & 1U) != 0 && IsInLastWeek(day));
  const bool by_day = days_[static_cast<size_t>(day.day())] || (last_day_ && IsLastOfMonth(day));
  if (any_day_ || any_weekday_) return by_day && by_weekday;
  return by_day || by_weekday;
}

std::optional<absl::CivilSecond> CronExpression::TimeOfDay(absl::CivilDay day,
                                                           int from_second) const {
  const int first_hour = from_second / 3600;
  const int first_minute = from_second / 60 % 60;
  for (int hour = FirstFrom(hours_, first_hour); hour >= 0; hour = FirstFrom(hours_, hour + 1)) {
    const bool same_hour = hour == first_hour;
    for (int minute = FirstFrom(minutes_, same_hour ? first_minute : 0); minute >= 0;
         minute = FirstFrom(minutes_, minute + 1)) {
      const bool same_minute = same_hour && minute == first_minute;
      const int second = FirstFrom(seconds_, same_minute ? from_second % 60 : 0);
      if (second >= 0) return absl::CivilSecond(day) + hour * 3600 + minute * 60 + second;
    }
  }
  return std::nullopt;
}

// The first that matches from `from` on.
std::optional<absl::CivilSecond> CronExpression::NextCivil(absl::CivilSecond from) const {
  from = std::max(from, absl::CivilSecond(kFirstYear));
  absl::CivilDay day(from);
  auto second = static_cast<int>(from - absl::CivilSecond(day));
  while (day.year() < kFirstYear + kYears) {
    if (!years_[static_cast<size_t>(day.year() - kFirstYear)]) {
      day = absl::CivilDay(day.year() + 1);
      second = 0;
      continue;
    }
    if (Matches(day)) {
      if (const auto found = TimeOfDay(day, second)) return found;
    }
    ++day;
    second = 0;
  }
  return std::nullopt;
}

std::optional<absl::Time> CronExpression::NextElapsed(absl::Time after, absl::TimeZone zone) const {
  // From one setting of the clocks to the next the wall clock runs evenly.
  absl::Time from = absl::FromUnixSeconds(absl::ToUnixSeconds(after) + 1);
  while (true) {
    const absl::CivilSecond shown = zone.At(from).cs;
    const auto found = NextCivil(shown);
    absl::TimeZone::CivilTransition set;
    const bool will_be_set = zone.NextTransition(from, &set);
    if (!found) {
      // Clocks set back may show a matching time again.
      if (!will_be_set || set.to >= set.from) return std::nullopt;
    }
    const absl::Time set_at = will_be_set ? zone.At(set.to).trans : absl::InfiniteFuture();
    if (found) {
      const absl::Time time = from + absl::Seconds(*found - shown);
      if (time < set_at) return time;
    }
    from = set_at;
  }
}

std::optional<absl::Time> CronExpression::NextOfDay(absl::Time after, absl::TimeZone zone) const {
  // Clocks are set by less than a day: a time of the day before may have been left out, and fires
  // at the jump.
  absl::CivilSecond from = zone.At(after).cs;
  while (const auto found = NextCivil(from)) {
    const absl::TimeZone::TimeInfo info = zone.At(*found);
    const absl::Time time = info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
    if (time > after) return time;
    from = *found + 1;
  }
  return std::nullopt;
}

std::optional<absl::Time> CronExpression::Next(absl::Time after, absl::TimeZone zone) const {
  after = std::max(
      after, absl::FromCivil(absl::CivilSecond(kFirstYear), absl::UTCTimeZone()) - absl::Hours(48));
  if (after >= absl::FromCivil(absl::CivilSecond(kFirstYear + kYears + 1), absl::UTCTimeZone())) {
    return std::nullopt;
  }
  return elapsed_ ? NextElapsed(after, zone) : NextOfDay(after, zone);
}

}  // namespace stet
