// From a command to the function that decides it.
#include "core/decide.h"

#include <algorithm>

#include "core/deciders.h"

namespace stet::core {

absl::Status Decide(const State& state, const Command& command, absl::Time now, EventBuffer& out) {
  out.Begin(state.seq() + 1);
  const int64_t now_ns = std::max(absl::ToUnixNanos(now), state.time_ns());
  return std::visit(
      [&state, &out, now_ns](const auto& one) { return DecideOn(state, one, now_ns, out); },
      command);
}

}  // namespace stet::core
