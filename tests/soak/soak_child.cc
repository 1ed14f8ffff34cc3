// Executions that come and go.
#include "tests/soak/soak_child.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <absl/time/clock.h>
#include <fmt/format.h>

#include "stet/engine.h"

namespace stet::soak {
namespace {

constexpr size_t kAtOnce = 64;
constexpr uint64_t kEndedKept = 500;

absl::StatusOr<Payload> Step(ActivityContext& context) {
  const bool tired = context.task() == "b" && context.attempt() == 1;
  if (tired) return absl::UnavailableError("the first attempt fails");
  return Payload(std::string(200, 'o'));
}

EngineOptions OptionsFor(const std::string& directory) {
  const RetryPolicy thrice = {.max_attempts = 3, .backoff = Backoff::Fixed(absl::Milliseconds(1))};
  EngineOptions options;
  options.directory = directory;
  options.durability = wal::Durability::kOs;
  options.workflows = {
      {.name = "chain",
       .tasks = {{.name = "a", .activity = "step"},
                 {.name = "b", .activity = "step", .after = {"a"}, .retry = thrice},
                 {.name = "c", .activity = "step", .after = {"b"}}}}};
  options.activities = {{"step", Step}};
  options.recovery_target = absl::Milliseconds(100);
  options.retention = {.count = kEndedKept, .key_retention = absl::ZeroDuration()};
  options.log.segment_bytes = 8 << 20;
  return options;
}

}  // namespace

int Work(const std::string& directory, uint64_t round) {
  absl::StatusOr<std::unique_ptr<Engine>> opened = Engine::Open(OptionsFor(directory));
  if (!opened.ok()) {
    fmt::print(stderr, "round {}: {}\n", round, opened.status().ToString());
    return 1;
  }
  Engine& engine = **opened;
  for (uint64_t number = 0;; number += kAtOnce) {
    std::vector<StartRequest> requests;
    for (uint64_t i = number; i < number + kAtOnce; ++i) {
      requests.push_back({.workflow = "chain",
                          .key = fmt::format("r{}-{}", round, i),
                          .input = Payload(std::string(500, 'i'))});
    }
    for (const auto& started : engine.StartAll(std::move(requests))) {
      if (started.ok()) continue;
      fmt::print(stderr, "round {}: {}\n", round, started.status().ToString());
      return 1;
    }
    const auto report = engine.Wait(fmt::format("r{}-{}", round, number + kAtOnce - 1));
    // What was purged meanwhile has ended.
    if (report.ok() || absl::IsNotFound(report.status())) continue;
    fmt::print(stderr, "round {}: {}\n", round, report.status().ToString());
    return 1;
  }
}

}  // namespace stet::soak
