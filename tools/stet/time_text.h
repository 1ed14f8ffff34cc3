// Times and durations as the tool writes them.
#pragma once

#include <string>

#include <absl/time/time.h>
#include <nlohmann/json.hpp>

namespace stet::cli {

// RFC 3339, UTC, nanoseconds, as options for times take it; "-" for a time that is not known (infinite).
std::string FullTime(absl::Time time);

// The same; null when unknown.
nlohmann::ordered_json TimeJson(absl::Time time);

// "3.21s", "1m02s", "2h05m": for people.
std::string ShortDuration(absl::Duration duration);

// "2026-11-21 09:30:05" in UTC; "-" when unknown.
std::string ShortTime(absl::Time time);

}  // namespace stet::cli
