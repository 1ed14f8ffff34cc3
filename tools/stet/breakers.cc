// Reading and listing of circuit breakers.
#include "tools/stet/breakers.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include <absl/strings/numbers.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <stet/inspect.h>

#include "tools/stet/control.h"
#include "tools/stet/quote.h"
#include "tools/stet/report_json.h"
#include "tools/stet/status_macros.h"
#include "tools/stet/terminal.h"
#include "tools/stet/time_text.h"

namespace stet::cli {
namespace {

using Json = nlohmann::ordered_json;

absl::Status NotABreaker(const std::string& flag, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format(
      "--breaker must be NAME=FAILURES,COOLDOWN (as mail=5,30s), is {}: {}", Quote(flag), why));
}

absl::StatusOr<std::pair<std::string, BreakerPolicy>> BreakerFrom(const std::string& flag) {
  const size_t equals = flag.rfind('=');
  const size_t comma = flag.find(',', equals == flag.npos ? 0 : equals);
  if (equals == flag.npos) return NotABreaker(flag, "no =");
  if (equals == 0) return NotABreaker(flag, "no name");
  if (comma == flag.npos) return NotABreaker(flag, "no cooldown");
  const std::string failures = flag.substr(equals + 1, comma - equals - 1);
  const std::string cooldown = flag.substr(comma + 1);
  BreakerPolicy policy;
  if (!absl::SimpleAtoi(failures, &policy.failure_threshold) || policy.failure_threshold < 1) {
    return NotABreaker(flag, fmt::format("{} failures: a whole number from 1", Quote(failures)));
  }
  if (!absl::ParseDuration(cooldown, &policy.cooldown) || policy.cooldown <= absl::ZeroDuration()) {
    return NotABreaker(
        flag, fmt::format("cooldown {}: a duration longer than 0, as 30s", Quote(cooldown)));
  }
  return std::pair(flag.substr(0, equals), policy);
}

Json BreakerJson(const BreakerInfo& breaker) {
  return {{"name", breaker.name},
          {"state", ToString(breaker.state)},
          {"failures", breaker.failures},
          {"successes", breaker.successes},
          {"probes", breaker.probes},
          {"until", TimeJson(breaker.until.value_or(absl::InfinitePast()))}};
}

std::string BreakersText(const std::vector<BreakerInfo>& breakers) {
  if (breakers.empty()) return "every breaker is closed, and has counted no failure\n";
  size_t width = 4;
  for (const BreakerInfo& breaker : breakers) {
    width = std::max(width, std::min<size_t>(breaker.name.size(), 40));
  }
  std::string text = fmt::format("{:{}}  {:9}  {:>8}  {:>6}  UNTIL\n", "NAME", width, "STATE",
                                 "FAILURES", "PROBES");
  for (const BreakerInfo& breaker : breakers) {
    text += fmt::format("{:{}}  {:9}  {:>8}  {:>6}  {}\n", OneLine(breaker.name), width,
                        ToString(breaker.state), breaker.failures, breaker.probes,
                        breaker.until ? ShortTime(*breaker.until) : "-");
  }
  return text;
}

absl::Status SayBreakers(const BreakerOptions& options, std::string& directory) {
  STET_ASSIGN_OR_RETURN(const Settings settings, ResolveSettings(options.settings));
  directory = settings.directory;
  STET_RETURN_IF_ERROR(CheckDirectory(directory));
  STET_ASSIGN_OR_RETURN(const Replayed state, Replay({.directory = directory}));
  const std::vector<BreakerInfo> breakers = state.Breakers();
  if (!options.json) {
    Say(stdout, BreakersText(breakers));
    return absl::OkStatus();
  }
  Json list = Json::array();
  for (const BreakerInfo& breaker : breakers) list.push_back(BreakerJson(breaker));
  Json object;
  object["breakers"] = std::move(list);
  object["seq"] = state.seq();
  Say(stdout, Dump(object) + "\n");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::map<std::string, BreakerPolicy>> BreakersFrom(
    const std::vector<std::string>& flags) {
  std::map<std::string, BreakerPolicy> breakers;
  for (const std::string& flag : flags) {
    STET_ASSIGN_OR_RETURN(auto breaker, BreakerFrom(flag));
    if (breakers.insert(std::move(breaker)).second) continue;
    return absl::InvalidArgumentError(fmt::format("--breaker {}: given twice", Quote(flag)));
  }
  return breakers;
}

ExitStatus ListBreakers(const BreakerOptions& options) {
  std::string directory;
  const absl::Status said = SayBreakers(options, directory);
  if (said.ok()) return ExitStatus::kCompleted;
  const Failure failure = FailureFrom(said, directory);
  Print(failure, options.json);
  return failure.exit;
}

}  // namespace stet::cli
