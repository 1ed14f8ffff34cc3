// Sleeping.
#include "tools/stet/sleep_activity.h"

#include <string>

#include <absl/status/status.h>
#include <absl/time/time.h>
#include <fmt/format.h>

namespace stet::cli {

Activity SleepActivity() {
  return [](ActivityContext& context) -> absl::StatusOr<Payload> {
    const std::string config(context.config());
    absl::Duration duration;
    if (!absl::ParseDuration(config, &duration)) {
      return absl::InvalidArgumentError(fmt::format("\"{}\" is not a duration", config));
    }
    if (!context.SleepFor(duration)) return absl::CancelledError("stopped");
    return Payload("null");
  };
}

}  // namespace stet::cli
