// `stet breaker ls`, and the circuit breakers that `stet run` is given.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <stet/breaker.h>

#include "tools/stet/failure.h"
#include "tools/stet/settings.h"

namespace stet::cli {

// NAME=FAILURES,COOLDOWN, one for each.
// Errors: InvalidArgument, saying what was expected and found.
absl::StatusOr<std::map<std::string, BreakerPolicy>> BreakersFrom(
    const std::vector<std::string>& flags);

struct BreakerOptions {
  SettingFlags settings = {};
  bool json = false;
};

ExitStatus ListBreakers(const BreakerOptions& options);

}  // namespace stet::cli
