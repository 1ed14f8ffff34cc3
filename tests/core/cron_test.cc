// Cron expressions: what they mean, what is refused, and what happens when clocks are set.
#include "stet/cron.h"

#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/core/random_workflow.h"

namespace stet::cron_test {
namespace {

absl::TimeZone ZoneOf(const char* name) {
  absl::TimeZone zone;
  REQUIRE_MESSAGE(absl::LoadTimeZone(name, &zone), name << ": install tzdata");
  return zone;
}

absl::Time TimeOf(const std::string& text, absl::TimeZone zone = absl::UTCTimeZone()) {
  absl::Time time;
  std::string error;
  REQUIRE_MESSAGE(absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text, zone, &time, &error), error);
  return time;
}

CronExpression CronOf(const std::string& text) {
  absl::StatusOr<CronExpression> cron = CronExpression::Parse(text);
  REQUIRE_MESSAGE(cron.ok(), cron.status().ToString());
  return *std::move(cron);
}

std::string NextOf(const std::string& cron, const std::string& after,
                   absl::TimeZone zone = absl::UTCTimeZone()) {
  const auto next = CronOf(cron).Next(TimeOf(after, zone), zone);
  return next ? absl::FormatTime("%Y-%m-%d %H:%M:%S %Ez", *next, zone) : "never";
}

std::string RefusalOf(const std::string& text) {
  const auto cron = CronExpression::Parse(text);
  CHECK_EQ(cron.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(cron.status().message());
}

TEST_SUITE_BEGIN("CronExpression");

TEST_CASE("each field restricts, and the next match is strictly later") {
  CHECK_EQ(NextOf("30 4 * * *", "2026-01-01 04:29:59.5"), "2026-01-01 04:30:00 +00:00");
  CHECK_EQ(NextOf("30 4 * * *", "2026-01-01 04:30:00"), "2026-01-02 04:30:00 +00:00");
  CHECK_EQ(NextOf("*/15 9-17 * * MON-FRI", "2026-01-02 17:45:00"), "2026-01-05 09:00:00 +00:00");
  CHECK_EQ(NextOf("5/20 * * * *", "2026-01-01 00:25:00"), "2026-01-01 00:45:00 +00:00");
  CHECK_EQ(NextOf("0 0 1 jan,JUL *", "2026-01-01 00:00:00"), "2026-07-01 00:00:00 +00:00");
  CHECK_EQ(NextOf("0 0 * * 7", "2026-01-01 00:00:00"), "2026-01-04 00:00:00 +00:00");
  CHECK_EQ(NextOf("*/7 * * * * *", "2026-01-01 00:00:56"), "2026-01-01 00:01:00 +00:00");
  CHECK_EQ(NextOf("0 0 0 29 2 ? 2027-2040", "2026-01-01 00:00:00"), "2028-02-29 00:00:00 +00:00");
  CHECK_EQ(NextOf("0 0 0 1 1 ? 2020", "2026-01-01 00:00:00"), "never");
  CHECK_EQ(NextOf("@hourly", "2026-01-01 23:00:00"), "2026-01-02 00:00:00 +00:00");
  CHECK_EQ(NextOf("@weekly", "2026-01-01 00:00:00"), "2026-01-04 00:00:00 +00:00");
}

TEST_CASE("two restricted day fields match by either, one of them alone") {
  CHECK_EQ(NextOf("0 0 13 * FRI", "2026-01-03 00:00:00"), "2026-01-09 00:00:00 +00:00");
  CHECK_EQ(NextOf("0 0 13 * FRI", "2026-01-09 00:00:00"), "2026-01-13 00:00:00 +00:00");
  CHECK_EQ(NextOf("0 0 */2 * TUE", "2026-01-06 00:00:00"), "2026-01-13 00:00:00 +00:00");
}

TEST_CASE("the last day of a month, the last and the n-th weekday of it") {
  CHECK_EQ(NextOf("0 0 L * *", "2028-02-01 00:00:00"), "2028-02-29 00:00:00 +00:00");
  CHECK_EQ(NextOf("0 0 15,L * *", "2026-04-15 00:00:00"), "2026-04-30 00:00:00 +00:00");
  CHECK_EQ(NextOf("0 0 * * 5L", "2026-01-01 00:00:00"), "2026-01-30 00:00:00 +00:00");
  CHECK_EQ(NextOf("0 0 * * MON#2", "2026-01-01 00:00:00"), "2026-01-12 00:00:00 +00:00");
  CHECK_EQ(NextOf("0 0 ? * 0#5", "2026-01-01 00:00:00"), "2026-03-29 00:00:00 +00:00");
}

TEST_CASE("what cannot be read is refused with its field") {
  CHECK_EQ(RefusalOf("60 * * * *"), "cron minute '60': expected 0 to 59");
  CHECK_EQ(RefusalOf("* * * 13 *"), "cron month '13': expected 1 to 12 or JAN to DEC");
  CHECK_EQ(RefusalOf("* 5-3 * * *"),
           "cron hour '5-3': expected a range that does not run backwards");
  CHECK_EQ(RefusalOf("*/0 * * * *"), "cron minute '*/0': expected a step of 1 or more after '/'");
  CHECK_EQ(RefusalOf("1,,2 * * * *"), "cron minute '': expected 0 to 59");
  CHECK_EQ(RefusalOf("* * * * MON#6"),
           "cron day-of-week 'MON#6': expected a number from 1 to 5 after '#'");
  CHECK_EQ(RefusalOf("0 0 0 1 1 ? 1969"), "cron year '1969': expected 1970 to 2199");
  CHECK_NE(RefusalOf("* * * *").find("has 4 fields"), std::string::npos);
  CHECK_NE(RefusalOf("").find("has 0 fields"), std::string::npos);
  CHECK_NE(RefusalOf("@never").find("@hourly"), std::string::npos);
  CHECK_EQ(RefusalOf("0 0 30 2 *"), "cron '0 0 30 2 *' matches no day from 1970 to 2199");
  CHECK_NE(RefusalOf(std::string(2000, '*')).find("2000 bytes"), std::string::npos);
  for (const char* text : {"a * * * *", "-1 * * * *", "1- * * * *", "*/ * * * *", "*-5 * * * *",
                           "1/2/3 * * * *", "* * L-1 * *", "* * * * L", "99999999999 * * * *"}) {
    CHECK_NE(RefusalOf(text).find("expected"), std::string::npos);
  }
}

TEST_CASE("a step near the limits of int ends") {
  CHECK_EQ(NextOf("0/2147483647 0 * * *", "2026-01-01 00:00:00"), "2026-01-02 00:00:00 +00:00");
}

TEST_CASE("hours of the day: what the clocks leave out fires at the jump, what comes twice once") {
  const absl::TimeZone zone = ZoneOf("Europe/Berlin");
  CHECK_EQ(NextOf("30 2 * * *", "2026-03-29 00:00:00", zone), "2026-03-29 03:00:00 +02:00");
  CHECK_EQ(NextOf("30 2 * * *", "2026-03-29 03:00:00", zone), "2026-03-30 02:30:00 +02:00");
  CHECK_EQ(NextOf("30 2 * * *", "2026-10-25 00:00:00", zone), "2026-10-25 02:30:00 +02:00");
  const auto first = CronOf("30 2 * * *").Next(TimeOf("2026-10-25 00:00:00", zone), zone);
  CHECK_EQ(CronOf("30 2 * * *").Next(*first, zone), TimeOf("2026-10-26 02:30:00", zone));
}

TEST_CASE("elapsed time: every hour is an hour, whatever the clocks show") {
  const absl::TimeZone zone = ZoneOf("America/New_York");
  absl::Time time = TimeOf("2026-10-31 22:00:00", zone);
  for (int hour = 0; hour < 48; ++hour) {
    const auto next = CronOf("0 * * * *").Next(time, zone);
    REQUIRE(next);
    CHECK_EQ(*next - time, absl::Hours(1));
    time = *next;
  }
}

TEST_CASE("the ends of time are no trap") {
  const CronExpression cron = CronOf("* * * * *");
  CHECK_EQ(cron.Next(absl::InfinitePast(), absl::UTCTimeZone()), absl::UnixEpoch());
  CHECK_FALSE(cron.Next(absl::InfiniteFuture(), absl::UTCTimeZone()));
  CHECK_FALSE(cron.Next(TimeOf("2199-12-31 23:59:00"), absl::UTCTimeZone()));
}

// An expression of minutes and hours, and what it fires on by the letter of the header.
struct Sample {
  std::set<int> minutes = {};
  std::set<int> hours = {};
  bool elapsed = false;
  std::string text = {};

  bool Matches(absl::CivilSecond c) const {
    return c.second() == 0 && minutes.contains(c.minute()) && hours.contains(c.hour());
  }
  bool Fires(absl::Time t, absl::TimeZone zone) const {
    if (elapsed) return Matches(zone.At(t).cs);
    // What is shown at `t`, unless that is its second time; and what was left out just before it.
    const absl::CivilSecond shown = zone.At(t).cs;
    if (Matches(shown) && zone.At(shown).pre == t) return true;
    for (absl::CivilSecond c = shown - 7200; c < shown; c += 60) {
      const auto info = zone.At(c);
      if (info.kind == absl::TimeZone::TimeInfo::SKIPPED && info.trans == t && Matches(c))
        return true;
    }
    return false;
  }
};

Sample RandomSample(core::Random& random) {
  Sample sample;
  for (uint32_t i = random.Below(3) + 1; i > 0; --i)
    sample.minutes.insert(static_cast<int>(random.Below(60)));
  sample.elapsed = random.OneIn(2);
  const int step = 1 + static_cast<int>(random.Below(4));
  for (int hour = 0; hour < 24; hour += step) sample.hours.insert(hour);
  sample.text = fmt::format("{} */{} * * *", fmt::join(sample.minutes, ","), step);
  if (!sample.elapsed) {
    sample.hours.clear();
    for (uint32_t i = random.Below(3) + 1; i > 0; --i)
      sample.hours.insert(static_cast<int>(random.Below(5)));
    sample.text =
        fmt::format("{} {} * * *", fmt::join(sample.minutes, ","), fmt::join(sample.hours, ","));
  }
  return sample;
}

TEST_CASE("around every setting of the clocks Next agrees with a walk minute by minute") {
  const uint64_t seed = core::SeedOr(3);
  MESSAGE("STET_SEED=", seed);
  core::Random random(seed);
  // Half an hour, three quarters of an hour, and a day that was left out whole.
  const std::vector<std::pair<const char*, const char*>> places = {
      {"Europe/Berlin", "2026-03-28 12:00:00"},
      {"Europe/Berlin", "2026-10-24 12:00:00"},
      {"America/New_York", "2026-03-07 12:00:00"},
      {"America/New_York", "2026-10-31 12:00:00"},
      {"Australia/Lord_Howe", "2026-04-04 06:00:00"},
      {"Australia/Lord_Howe", "2026-10-03 06:00:00"},
      {"Asia/Kathmandu", "2026-01-01 00:00:00"}};
  for (const auto& [name, begin] : places) {
    const absl::TimeZone zone = ZoneOf(name);
    for (int round = 0; round < 8; ++round) {
      const Sample sample = RandomSample(random);
      const CronExpression cron = CronOf(sample.text);
      const absl::Time start = TimeOf(begin, zone);
      std::optional<absl::Time> next = cron.Next(start, zone);
      for (absl::Time t = start + absl::Minutes(1); t < start + absl::Hours(48);
           t += absl::Minutes(1)) {
        INFO(zone.name(), " ", sample.text, " ", absl::FormatTime(t, zone));
        REQUIRE(next);
        REQUIRE_EQ(sample.Fires(t, zone), *next == t);
        if (*next == t) next = cron.Next(t, zone);
      }
    }
  }
}

TEST_CASE("a day that a zone left out fires at the jump over it") {
  const absl::TimeZone zone = ZoneOf("Pacific/Apia");  // 2011-12-30 never was
  CHECK_EQ(NextOf("0 12 30 12 *", "2011-12-29 13:00:00", zone), "2011-12-31 00:00:00 +14:00");
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::cron_test
