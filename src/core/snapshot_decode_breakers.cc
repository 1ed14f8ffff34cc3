// The part of a snapshot that holds circuit breakers.
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "core/column.h"
#include "core/snapshot_decoder.h"
#include "core/snapshot_parse.h"

namespace stet::core {

absl::Status SnapshotDecoder::AddBreakers(Bytes payload) {
  constexpr SnapshotPart kPart = SnapshotPart::Breakers;
  ASSIGN_OR_RETURN(const auto* t, ParsePart<fb::SnapshotBreakers>(kPart, payload));
  const Column name_end(t->name_end());
  const Column state(t->state());
  const Column failures(t->failures());
  const Column successes(t->successes());
  const Column until(t->until());
  const Column probes_end(t->probes_end());
  const Column probes(t->probes());
  const size_t n = CountOf(t->name_end());
  const size_t probe_count = CountOf(t->probes());
  if (!(name_end.Fits(n) && state.Fits(n) && failures.Fits(n) && successes.Fits(n) &&
        until.Fits(n) && probes_end.Fits(n) && probes.Fits(probe_count))) {
    return WrongPart(kPart, "columns of different length");
  }
  const std::string_view names = TextOf(t->names());
  size_t name_begin = 0;
  size_t probe = 0;
  for (size_t i = 0; i < n; ++i) {
    if (name_end[i] <= name_begin || name_end[i] > names.size() || probes_end[i] < probe ||
        probes_end[i] > probe_count || probes_end[i] - probe > kProbesMax ||
        state[i] > static_cast<uint8_t>(schema::BreakerState::MAX)) {
      return WrongPart(kPart, fmt::format("breaker {} points outside", i));
    }
    Breaker breaker = {.state = static_cast<schema::BreakerState>(state[i]),
                       .failures = failures[i],
                       .successes = successes[i],
                       .until = until[i]};
    for (; probe < probes_end[i]; ++probe) breaker.probes.push_back(probes[probe]);
    std::string name(names.substr(name_begin, name_end[i] - name_begin));
    name_begin = name_end[i];
    if (!state_.breakers_.emplace(std::move(name), std::move(breaker)).second) {
      return WrongPart(kPart, fmt::format("breaker {} twice", i));
    }
  }
  return absl::OkStatus();
}

}  // namespace stet::core
