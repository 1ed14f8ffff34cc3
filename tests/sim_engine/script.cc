// Draws and performs scripts.
#include "tests/sim_engine/script.h"

#include <cstdlib>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "tests/core/random_workflow.h"
#include "tests/sim_engine/plan.h"

namespace stet::sim {
namespace {

constexpr std::string_view kOutput = "{\"attempt\":";

// FNV-1a: the same on every machine.
uint64_t Mix(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

Script ScriptOf(uint64_t seed, std::string_view key, std::string_view task) {
  core::Random random(Mix(Mix(seed ^ 0xcbf29ce484222325, key), task));
  using enum Script::Ending;
  switch (random.Below(12)) {
    case 0:
    case 1:
      return {.ending = kRecovers, .failures = 1 + random.Below(3)};
    case 2:
      return {.ending = kFails};
    case 3:
      return {.ending = kThrows};
    case 4:
      return {.ending = kRefuses};
    default:
      return {.ending = kSucceeds};
  }
}

absl::StatusOr<Payload> Perform(const Script& script, const ActivityContext& context) {
  using enum Script::Ending;
  const bool recovering = script.ending == kRecovers && context.attempt() <= script.failures;
  if (script.ending == kFails || recovering) return absl::UnavailableError("it broke");
  if (script.ending == kThrows) throw std::runtime_error("it broke badly");
  if (script.ending == kRefuses) return absl::InvalidArgumentError("never");
  return OutputOf(script, context.execution_key(), context.config(), context.attempt());
}

Payload OutputOf(const Script& script, std::string_view key, std::string_view config,
                 uint32_t attempt) {
  if (config == kChoiceConfig) {
    return Payload(Mix(script.failures, key) % 2 == 0 ? "true" : "false");
  }
  return Payload(fmt::format("{}{}}}", kOutput, attempt));
}

Possible PossibleOf(const Script& script, const core::Definition& definition, uint32_t task,
                    uint32_t crashes) {
  using enum Script::Ending;
  const core::TaskExtra* extra = definition.extra(task);
  // What the engine does itself.  Whether a condition can be decided is up to what stands above it.
  if (core::KindOf(extra) == TaskKind::kTimer) return {.completes = true};
  if (definition.activity(task).empty()) return {.completes = true, .fails = true};
  // Its items have scripts of their own.
  if (core::KindOf(extra) == TaskKind::kMap) return {.completes = true, .fails = true};
  const fb::TaskPolicy& policy = definition.policy(task);
  const bool used_up = script.failures >= policy.max_attempts();
  Possible possible;
  possible.completes =
      script.ending == kSucceeds || (script.ending == kRecovers && (!used_up || crashes > 0));
  possible.fails = script.ending >= kFails || (script.ending == kRecovers && used_up) ||
                   policy.timeout() != 0 || policy.max_lost() <= crashes;
  return possible;
}

uint32_t AttemptIn(std::string_view output) {
  if (output.substr(0, kOutput.size()) != kOutput) return 0;
  return static_cast<uint32_t>(
      std::strtoul(std::string(output.substr(kOutput.size())).c_str(), nullptr, 10));
}

}  // namespace stet::sim
