// kill -9 with many executions in the middle of an activity of many recorded steps: how long until the next
// process, to which the lock is free, has the first new result.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <absl/time/clock.h>
#include <fmt/format.h>

#include "bench/harness.h"
#include "bench/killed_process.h"
#include "bench/latency.h"
#include "stet/engine.h"
#include "tools/stet/status_macros.h"

namespace stet::bench {
namespace {

constexpr uint32_t kExecutions = 1000;
constexpr uint32_t kSteps = 100;
constexpr double kMillisMax = 200;

using Then = std::function<void(ActivityContext&)>;

// An activity of kSteps steps, and what follows them.
EngineOptions OptionsFor(const std::string& folder, Then then) {
  EngineOptions options;
  options.directory = folder;
  options.concurrency = kExecutions;
  options.workflows = {{.name = "stepped", .tasks = {{.name = "t", .activity = "steps"}}}};
  options.activities["steps"] =
      [then = std::move(then)](ActivityContext& context) -> absl::StatusOr<Payload> {
    for (uint32_t i = 0; i < kSteps; ++i) {
      const absl::StatusOr<Payload> step = context.Step(
          fmt::format("s{}", i), [](const std::string&) { return Payload("\"done\""); });
      if (!step.ok()) return step.status();
    }
    then(context);
    return Payload("\"all\"");
  };
  return options;
}

absl::Status StepAndStay(const std::string& folder, const Told& tell) {
  std::atomic<uint32_t> stepped = 0;
  const auto stay = [&stepped](ActivityContext& context) {
    ++stepped;
    context.SleepFor(absl::Hours(1));
  };
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                        Engine::Open(OptionsFor(folder, stay)));
  std::vector<StartRequest> requests;
  for (uint32_t i = 0; i < kExecutions; ++i) {
    requests.push_back({.workflow = "stepped", .key = fmt::format("k{}", i)});
  }
  for (const absl::StatusOr<Started>& started : engine->StartAll(std::move(requests))) {
    STET_RETURN_IF_ERROR(started.status());
  }
  while (stepped < kExecutions) absl::SleepFor(absl::Milliseconds(1));
  STET_RETURN_IF_ERROR(tell());
  absl::SleepFor(absl::Hours(1));
  return absl::OkStatus();
}

absl::StatusOr<Samples> Resume(const std::string& folder) {
  STET_RETURN_IF_ERROR(WorkAndDie([&](const Told& tell) { return StepAndStay(folder, tell); },
                                  absl::Milliseconds(2)));
  std::atomic<int64_t> first_ns = 0;
  std::atomic<uint32_t> ended = 0;
  EngineOptions options = OptionsFor(folder, [](ActivityContext&) {});
  options.on_ended = [&](const ExecutionSummary& summary) {
    if (summary.state != ExecutionState::kCompleted) return;
    if (ended++ == 0) first_ns = NowNanos();
  };
  const int64_t begin = NowNanos();
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, Engine::Open(std::move(options)));
  const int64_t opened = NowNanos();
  while (ended < kExecutions) absl::SleepFor(absl::Milliseconds(1));
  const auto millis = [begin](int64_t at) { return static_cast<double>(at - begin) / 1e6; };
  const EngineRecovery& recovery = engine->recovery();
  return Samples{{"open", millis(opened), "ms"},
                 {"examine", absl::ToDoubleMilliseconds(recovery.log.duration), "ms"},
                 {"replay", absl::ToDoubleMilliseconds(recovery.replay_time), "ms"},
                 {"first_result", millis(first_ns), "ms"},
                 {"all_results", millis(NowNanos()), "ms"},
                 {"events", static_cast<double>(recovery.events_replayed), "events"}};
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  stet::bench::Harness harness("resume", argc, argv);
  harness.Add("resume_killed", [&] { return stet::bench::Resume(harness.NewFolder()); });
  harness.Expect("resume_killed.first_result", {.at_most = stet::bench::kMillisMax});
  return harness.Run();
}
