// How long executions that have ended are kept.
#pragma once

#include <cstdint>
#include <optional>

#include <absl/time/time.h>

#pragma GCC visibility push(default)

namespace stet {

// Nothing set: for ever.  What goes beyond is purged, oldest end first, within about a second.
struct Retention {
  std::optional<absl::Duration> age = std::nullopt;     // since its end; >= 0
  std::optional<uint64_t> count = std::nullopt;         // of executions that have ended
  absl::Duration key_retention = absl::Hours(24 * 30);  // their keys stay taken for so long; >= 0
};

}  // namespace stet

#pragma GCC visibility pop
