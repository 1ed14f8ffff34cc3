// Options as numbers; a key or a prefix of one is looked up in the state.
#include "tools/walinspect/filter.h"

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "stet/inspect.h"
#include "tools/walinspect/text.h"

namespace stet::walinspect {
namespace {

// The number that an option gives, at least `least`; `absent` if it is not given.
absl::StatusOr<uint64_t> CountFrom(std::string_view option, const std::string& text, uint64_t least,
                                   uint64_t absent) {
  if (text.empty()) return absent;
  const std::optional<uint64_t> value = NumberFrom<uint64_t>(text);
  if (value && *value >= least) return *value;
  return absl::InvalidArgumentError(
      fmt::format("{} {}: expected a number, {} or more", option, text, least));
}

absl::StatusOr<Filter> RangeFrom(const DumpArguments& arguments) {
  const auto from = CountFrom("--from", arguments.from, 1, 1);
  const auto to = CountFrom("--to", arguments.to, 1, UINT64_MAX);
  const auto limit = CountFrom("--limit", arguments.limit, 0, UINT64_MAX);
  for (const auto* number : {&from, &to, &limit}) {
    if (!number->ok()) return number->status();
  }
  if (*from > *to) {
    return absl::InvalidArgumentError(
        fmt::format("--from {} --to {}: the first seq is behind the last", *from, *to));
  }
  return Filter{.from_seq = *from, .to_seq = *to, .limit = *limit};
}

// A full id needs no state; a key or prefix does, and a damaged log has none.
absl::StatusOr<uint64_t> ExecutionFrom(const DumpArguments& arguments) {
  const std::optional<uint64_t> id = NumberFrom<uint64_t>(arguments.execution, 16);
  if (id && arguments.execution.size() == 16) return *id;
  const auto replayed = Replay({.directory = arguments.directory});
  if (!replayed.ok()) return replayed.status();
  const auto report = replayed->Report(arguments.execution);
  if (!report.ok()) return report.status();
  return report->id;
}

}  // namespace

absl::StatusOr<Filter> FilterFrom(const DumpArguments& arguments) {
  absl::StatusOr<Filter> range = RangeFrom(arguments);
  if (!range.ok()) return range.status();
  Filter filter = *range;
  if (!arguments.type.empty()) {
    filter.type = EventTypeFrom(arguments.type);
    if (!filter.type) filter.type = NumberFrom<uint16_t>(arguments.type);
    if (!filter.type) {
      std::string names;
      for (const std::string_view name : EventTypeNames()) names += fmt::format(" {}", name);
      return absl::InvalidArgumentError(
          fmt::format("--type {}: no such event type; there are:{}", arguments.type, names));
    }
  }
  if (!arguments.since.empty()) {
    const std::optional<int64_t> since = NanosFrom(arguments.since);
    if (!since) {
      return absl::InvalidArgumentError(
          fmt::format("--since {}: expected RFC 3339, as 2026-01-31T23:59:59Z", arguments.since));
    }
    filter.since_ns = *since;
  }
  if (!arguments.execution.empty()) {
    const absl::StatusOr<uint64_t> id = ExecutionFrom(arguments);
    if (!id.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("--exec {}: {}", arguments.execution, std::string(id.status().message())));
    }
    filter.execution = *id;
  }
  return filter;
}

}  // namespace stet::walinspect
