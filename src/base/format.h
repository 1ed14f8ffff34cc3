// fmt formatters for Abseil's types; include this instead of <fmt/format.h> to print them.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>
#include <fmt/format.h>

// "NOT_FOUND: message".
template <>
struct fmt::formatter<absl::Status> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const absl::Status& status, Context& context) const {
    return fmt::formatter<std::string_view>::format(status.ToString(), context);
  }
};

// RFC 3339 in UTC with nanoseconds: "2026-01-31T23:59:59.123456789Z".
template <>
struct fmt::formatter<absl::Time> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(absl::Time time, Context& context) const {
    return fmt::formatter<std::string_view>::format(
        absl::FormatTime("%Y-%m-%dT%H:%M:%E9SZ", time, absl::UTCTimeZone()), context);
  }
};

// "1h2m3.5s".
template <>
struct fmt::formatter<absl::Duration> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(absl::Duration duration, Context& context) const {
    return fmt::formatter<std::string_view>::format(absl::FormatDuration(duration), context);
  }
};

// Abseil's string_view where it is not the standard's: Status::message().
#if !ABSL_OPTION_USE_STD_STRING_VIEW
template <>
struct fmt::formatter<absl::string_view> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(absl::string_view text, Context& context) const {
    return fmt::formatter<std::string_view>::format({text.data(), text.size()}, context);
  }
};
#endif
