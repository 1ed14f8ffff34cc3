// Moments.
#include "tools/walinspect/moment.h"

#include <optional>

#include <fmt/format.h>

#include "tools/walinspect/text.h"

namespace stet::walinspect {

bool SetMoment(const std::string& text, ReplayOptions* options) {
  if (text.empty()) return true;
  if (const std::optional<uint64_t> seq = NumberFrom<uint64_t>(text)) {
    options->at_seq = *seq;
    return true;
  }
  const std::optional<int64_t> time = NanosFrom(text);
  if (time) options->at_time = absl::FromUnixNanos(*time);
  return time.has_value();
}

std::string NotAMoment(const std::string& option, const std::string& text) {
  return fmt::format("{} {}: expected a seq, or a time like 2026-01-31T23:59:59Z", option, text);
}

}  // namespace stet::walinspect
