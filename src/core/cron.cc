// Cron expressions from text.
#include "stet/cron.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace stet {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED",
                                                       "THU", "FRI", "SAT"};

struct Field {
  std::string_view name = {};
  int first = 0;
  int last = 0;
  std::span<const std::string_view> names = {};  // of `first` and the values after it
};

constexpr Field kSecond = {"second", 0, 59};
constexpr Field kMinute = {"minute", 0, 59};
constexpr Field kHour = {"hour", 0, 23};
constexpr Field kDay = {"day-of-month", 1, 31};
constexpr Field kMonth = {"month", 1, 12, kMonths};
constexpr Field kWeekday = {"day-of-week", 0, 7, kWeekdays};
constexpr Field kYear = {"year", 1970, 2199};

struct Macro {
  std::string_view name = {};
  std::string_view meaning = {};
};
constexpr std::array<Macro, 7> kMacros = {{{"@yearly", "0 0 1 1 *"},
                                           {"@annually", "0 0 1 1 *"},
                                           {"@monthly", "0 0 1 * *"},
                                           {"@weekly", "0 0 * * 0"},
                                           {"@daily", "0 0 * * *"},
                                           {"@midnight", "0 0 * * *"},
                                           {"@hourly", "0 * * * *"}}};

constexpr size_t kTextMax = 1024;

absl::Status Bad(const Field& field, std::string_view item, std::string_view expected) {
  return absl::InvalidArgumentError(
      fmt::format("cron {} '{}': expected {}", field.name, item, expected));
}

std::string RangeOf(const Field& field) {
  std::string range = fmt::format("{} to {}", field.first, field.last);
  if (!field.names.empty()) {
    range += fmt::format(" or {} to {}", field.names.front(), field.names.back());
  }
  return range;
}

std::vector<std::string_view> Split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  while (true) {
    const size_t end = text.find_first_of(separators, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

bool EqualsName(std::string_view text, std::string_view name) {
  return std::equal(text.begin(), text.end(), name.begin(), name.end(), [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
}

absl::StatusOr<int> Value(const Field& field, std::string_view text, std::string_view item) {
  for (size_t i = 0; i < field.names.size(); ++i) {
    if (EqualsName(text, field.names[i])) return field.first + static_cast<int>(i);
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < field.first ||
      value > field.last) {
    return Bad(field, item, RangeOf(field));
  }
  return value;
}

// "*", "a", "a-b", each also with "/n"; calls set(value) for each.
template <class Set>
absl::Status AddRange(const Field& field, std::string_view item, const Set& set) {
  const size_t slash = item.find('/');
  const std::string_view range = item.substr(0, slash);
  int first = field.first;
  int last = field.last;
  if (range != "*") {
    const size_t dash = range.find('-');
    ASSIGN_OR_RETURN(first, Value(field, range.substr(0, dash), item));
    if (dash != std::string_view::npos) {
      ASSIGN_OR_RETURN(last, Value(field, range.substr(dash + 1), item));
      if (last < first) return Bad(field, item, "a range that does not run backwards");
    } else if (slash == std::string_view::npos) {
      last = first;
    }
  }
  int step = 1;
  if (slash != std::string_view::npos) {
    const std::string_view text = item.substr(slash + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (error != std::errc() || end != text.data() + text.size() || step < 1) {
      return Bad(field, item, "a step of 1 or more after '/'");
    }
  }
  // `step` may be close to the limits of int.
  for (int64_t value = first; value <= last; value += step) set(static_cast<int>(value));
  return absl::OkStatus();
}

template <size_t N>
absl::Status AddList(const Field& field, std::string_view text, int base, std::bitset<N>& out) {
  for (const std::string_view item : Split(text, ",")) {
    RETURN_IF_ERROR(AddRange(
        field, item, [&out, base](int value) { out.set(static_cast<size_t>(value - base)); }));
  }
  return absl::OkStatus();
}

}  // namespace

struct CronExpression::Parser {
  CronExpression cron = {};

  absl::Status AddDays(std::string_view text) {
    cron.any_day_ = text.starts_with('*') || text == "?";
    if (text == "?") text = "*";
    for (const std::string_view item : Split(text, ",")) {
      if (item == "L" || item == "l") {
        cron.last_day_ = true;
        continue;
      }
      RETURN_IF_ERROR(
          AddRange(kDay, item, [this](int value) { cron.days_.set(static_cast<size_t>(value)); }));
    }
    return absl::OkStatus();
  }

  absl::Status AddWeekdays(std::string_view text) {
    cron.any_weekday_ = text.starts_with('*') || text == "?";
    if (text == "?") text = "*";
    for (const std::string_view item : Split(text, ",")) {
      const size_t hash = item.find('#');
      const bool last = item.size() > 1 && (item.back() == 'L' || item.back() == 'l');
      if (hash == std::string_view::npos && !last) {
        RETURN_IF_ERROR(AddRange(kWeekday, item, [this](int value) {
          cron.weekdays_.set(static_cast<size_t>(value % 7));
        }));
        continue;
      }
      const std::string_view day = last ? item.substr(0, item.size() - 1) : item.substr(0, hash);
      ASSIGN_OR_RETURN(const int value, Value(kWeekday, day, item));
      unsigned bit = 7;
      if (!last) {
        const std::string_view nth = item.substr(hash + 1);
        if (nth.size() != 1 || nth[0] < '1' || nth[0] > '5') {
          return Bad(kWeekday, item, "a number from 1 to 5 after '#'");
        }
        bit = static_cast<unsigned>(nth[0] - '1');
      }
      auto& set = cron.nth_weekday_[static_cast<size_t>(value % 7)];
      set = static_cast<uint8_t>(set | 1U << bit);
    }
    return absl::OkStatus();
  }

  absl::Status Add(const std::vector<std::string_view>& fields) {
    const size_t minute = fields.size() == 5 ? 0 : 1;
    RETURN_IF_ERROR(AddList(kSecond, minute == 0 ? "0" : fields[0], 0, cron.seconds_));
    RETURN_IF_ERROR(AddList(kMinute, fields[minute], 0, cron.minutes_));
    const std::string_view hour = fields[minute + 1];
    cron.elapsed_ = hour.starts_with('*') && hour.find(',') == std::string_view::npos;
    RETURN_IF_ERROR(AddList(kHour, hour, 0, cron.hours_));
    RETURN_IF_ERROR(AddDays(fields[minute + 2]));
    RETURN_IF_ERROR(AddList(kMonth, fields[minute + 3], 0, cron.months_));
    RETURN_IF_ERROR(AddWeekdays(fields[minute + 4]));
    return AddList(kYear, fields.size() == 7 ? fields[6] : "*", kFirstYear, cron.years_);
  }
};

absl::StatusOr<CronExpression> CronExpression::Parse(std::string_view text) {
  if (text.size() > kTextMax) {
    return absl::InvalidArgumentError(
        fmt::format("cron expression of {} bytes: {} are allowed", text.size(), kTextMax));
  }
  std::string_view meaning = text;
  if (text.starts_with('@')) {
    const auto* macro = std::find_if(kMacros.begin(), kMacros.end(),
                                     [text](const Macro& known) { return known.name == text; });
    if (macro == kMacros.end()) {
      return absl::InvalidArgumentError(fmt::format(
          "cron '{}': expected @yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly",
          text));
    }
    meaning = macro->meaning;
  }
  std::vector<std::string_view> fields = Split(meaning, " \t");
  std::erase(fields, std::string_view());
  if (fields.size() < 5 || fields.size() > 7) {
    return absl::InvalidArgumentError(
        fmt::format("cron '{}' has {} fields: expected 5 (minute hour day-of-month month "
                    "day-of-week), 6 (second first) or 7 (year last)",
                    text, fields.size()));
  }
  Parser parser;
  RETURN_IF_ERROR(parser.Add(fields));
  parser.cron.text_ = std::string(text);
  if (!parser.cron.NextCivil(absl::CivilSecond(kFirstYear))) {
    return absl::InvalidArgumentError(fmt::format("cron '{}' matches no day from {} to {}", text,
                                                  kFirstYear, kFirstYear + kYears - 1));
  }
  return std::move(parser.cron);
}

}  // namespace stet
