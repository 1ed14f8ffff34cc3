// Moments.
#include "tools/walinspect/moment.h"

#include <cstdint>
#include <optional>
#include <utility>

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

absl::StatusOr<Replayed> StateAt(const std::string& directory, const std::string& at) {
  ReplayOptions options = {.directory = directory};
  if (!SetMoment(at, &options)) return absl::InvalidArgumentError(NotAMoment("--at", at));
  absl::StatusOr<Replayed> state = Replay(options);
  if (state.ok() && options.at_seq != UINT64_MAX && options.at_seq > state->seq()) {
    return absl::OutOfRangeError(
        fmt::format("--at {}: the log ends at event {}", at, state->seq()));
  }
  return state;
}

std::string NotAMoment(const std::string& option, const std::string& text) {
  return fmt::format("{} {}: expected a seq, or a time like 2026-01-31T23:59:59Z", option, text);
}

}  // namespace stet::walinspect
