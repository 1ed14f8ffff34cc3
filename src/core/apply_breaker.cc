// Events of circuit breakers.
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/appliers.h"
#include "core/breakers.h"
#include "core/check_workflow.h"
#include "core/payload_ref.h"

namespace stet::core {

absl::Status ApplyEvent(const fb::BreakerMoved& event, Editor& editor) {
  std::string name(TextOf(event.name()));
  if (!IsName(name)) return Contradiction("the breaker's name is none");
  Breaker breaker = {.state = event.state(),
                     .failures = event.failures(),
                     .successes = event.successes(),
                     .until = event.until()};
  if (event.probes() != nullptr) {
    breaker.probes.assign(event.probes()->begin(), event.probes()->end());
  }
  const bool ascending = std::is_sorted(breaker.probes.begin(), breaker.probes.end());
  if (!ascending || breaker.probes.size() > kProbesMax) {
    return Contradiction(fmt::format("breaker '{}': its probes cannot be", name));
  }
  const auto at = editor.state().breakers().find(name);
  const bool same =
      at == editor.state().breakers().end() ? breaker == Breaker() : breaker == at->second;
  if (same) return Contradiction(fmt::format("breaker '{}' is that already", name));
  editor.SetBreaker(std::move(name), std::move(breaker));
  return absl::OkStatus();
}

}  // namespace stet::core
