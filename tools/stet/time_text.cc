// Formatting of times.
#include "tools/stet/time_text.h"

#include <absl/time/time.h>
#include <fmt/format.h>

namespace stet::cli {
namespace {

bool IsKnown(absl::Time time) {
  return time != absl::InfiniteFuture() && time != absl::InfinitePast();
}

}  // namespace

std::string FullTime(absl::Time time) {
  if (!IsKnown(time)) return "-";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E9SZ", time, absl::UTCTimeZone());
}

nlohmann::ordered_json TimeJson(absl::Time time) {
  if (!IsKnown(time)) return nullptr;
  return FullTime(time);
}

std::string ShortDuration(absl::Duration duration) {
  if (duration < absl::Minutes(1)) return fmt::format("{:.2f}s", absl::ToDoubleSeconds(duration));
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
}

std::string ShortTime(absl::Time time) {
  if (!IsKnown(time)) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::UTCTimeZone());
}

}  // namespace stet::cli
