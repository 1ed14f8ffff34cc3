// Cron expressions: when a schedule fires.
//
//   second minute hour day-of-month month day-of-week year
//
//   5 fields   minute hour day-of-month month day-of-week            as in crontab(5)
//   6 fields   second first
//   7 fields   year last
//
//   field          values        besides
//   second         0-59
//   minute         0-59
//   hour           0-23
//   day-of-month   1-31          L: the last day of the month
//   month          1-12          JAN-DEC
//   day-of-week    0-7           SUN-SAT; 0 and 7 are Sunday; 5L: the last Friday; 1#2: the second Monday
//   year           1970-2199
//
// A field is a list, separated by commas, of *, a value, a range a-b, or a range with a step
// (*/n, a-b/n, a/n: from a on).  "?" is * in the two day fields.  Names are of three letters in any
// case.  If neither day field begins with * a day matches by either, as in crontab(5).  @yearly
// (@annually), @monthly, @weekly, @daily (@midnight) and @hourly stand for the usual expressions.
//
// Where clocks are set (daylight saving) the rule is cronie's: an expression whose hour is not *
// or */n means hours of the day, and fires once for each: a time that is left out fires when the
// clocks jump over it, one that comes twice fires the first time.  With hour * or */n it means
// elapsed time, and fires whenever the clock on the wall matches.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#pragma GCC visibility push(default)

namespace stet {

// A value: comparable by its text.
class CronExpression {
 public:
  // Errors: InvalidArgument that names the field, what stands there and what may; also for an
  // expression that no day ever matches ("0 0 30 2 *").
  static absl::StatusOr<CronExpression> Parse(std::string_view text);

  // The first time after `after` that matches on the clocks of `zone`; nothing if there is none
  // before the year 2200.
  std::optional<absl::Time> Next(absl::Time after, absl::TimeZone zone) const;

  // As it was given to Parse.
  const std::string& text() const { return text_; }
  friend bool operator==(const CronExpression& a, const CronExpression& b) {
    return a.text_ == b.text_;
  }

 private:
  struct Parser;
  static constexpr int kFirstYear = 1970;
  static constexpr int kYears = 230;

  CronExpression() = default;
  bool Matches(absl::CivilDay day) const;
  std::optional<absl::CivilSecond> NextCivil(absl::CivilSecond from) const;
  std::optional<absl::CivilSecond> TimeOfDay(absl::CivilDay day, int from_second) const;
  std::optional<absl::Time> NextElapsed(absl::Time after, absl::TimeZone zone) const;
  std::optional<absl::Time> NextOfDay(absl::Time after, absl::TimeZone zone) const;

  std::string text_ = {};
  std::bitset<60> seconds_ = {};
  std::bitset<60> minutes_ = {};
  std::bitset<24> hours_ = {};
  std::bitset<32> days_ = {};  // of the month
  std::bitset<13> months_ = {};
  std::bitset<8> weekdays_ = {};             // 0 Sunday
  std::array<uint8_t, 7> nth_weekday_ = {};  // bit n - 1: the n-th of the month; bit 7: the last
  std::bitset<kYears> years_ = {};
  bool last_day_ = false;
  bool any_day_ = false;      // day-of-month begins with *
  bool any_weekday_ = false;  // day-of-week begins with *
  bool elapsed_ = false;      // hour is * or */n
};

}  // namespace stet

#pragma GCC visibility pop
