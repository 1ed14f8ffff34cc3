// One task, many side by side whose outputs are 1 KiB each, and one that reads them all: durable, and without a log.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <absl/time/clock.h>
#include <fmt/format.h>

#include "bench/costs.h"
#include "bench/harness.h"
#include "bench/latency.h"
#include "stet/engine.h"
#include "stet/patterns.h"
#include "tools/stet/status_macros.h"

namespace stet::bench {
namespace {

constexpr size_t kOutputBytes = 1024;
constexpr uint32_t kAtOnce = 256;

EngineOptions OptionsFor(std::string folder, uint32_t count, std::atomic<uint64_t>& gathered) {
  EngineOptions options;
  options.directory = std::move(folder);
  options.concurrency = kAtOnce;
  Workflow workflow = {.name = "fan"};
  workflow.tasks =
      FanOutIn(count,
               [](uint32_t i) {
                 return Task{.name = fmt::format("w{}", i), .activity = "work", .after = {"first"}};
               },
               {.name = "gather", .activity = "gather"});
  workflow.tasks.insert(workflow.tasks.begin(), {.name = "first", .activity = "work"});
  options.workflows.push_back(std::move(workflow));
  options.activities["work"] = [](ActivityContext&) -> absl::StatusOr<Payload> {
    return Payload("\"" + std::string(kOutputBytes - 2, 'o') + "\"");
  };
  options.activities["gather"] = [&gathered](ActivityContext& context) -> absl::StatusOr<Payload> {
    STET_ASSIGN_OR_RETURN(const std::vector<Payload> outputs, UpstreamOutputs(context));
    uint64_t bytes = 0;
    for (const Payload& output : outputs) bytes += output.bytes.size();
    gathered = bytes;
    return Payload();
  };
  return options;
}

// The same execution again and again, one at a time.
absl::StatusOr<Samples> FanOut(const std::string& folder, uint32_t count, double seconds) {
  std::atomic<uint64_t> gathered = 0;
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                        Engine::Open(OptionsFor(folder, count, gathered)));
  Latencies latencies;
  const double cpu = CpuMicros();
  const int64_t begin = NowNanos();
  int64_t now = begin;
  uint64_t rounds = 0;
  while (rounds == 0 || static_cast<double>(now - begin) < seconds * 1e9) {
    const std::string key = fmt::format("k{}", rounds++);
    STET_RETURN_IF_ERROR(engine->Start({.workflow = "fan", .key = key}).status());
    STET_ASSIGN_OR_RETURN(const ExecutionReport report, engine->Wait(key));
    if (!report.success() || gathered != count * kOutputBytes) {
      return absl::InternalError("an execution did not complete");
    }
    latencies.Add(NowNanos() - now);
    now = NowNanos();
  }
  const double tasks = static_cast<double>(rounds) * (count + 2);
  return Samples{{"tasks", tasks * 1e9 / static_cast<double>(now - begin), "1/s"},
                 {"p50", latencies.QuantileMicros(0.5) / 1e3, "ms"},
                 {"max", latencies.QuantileMicros(1) / 1e3, "ms"},
                 {"cpu", (CpuMicros() - cpu) / tasks, "us_per_task"}};
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  stet::bench::Harness harness("fan_out", argc, argv);
  const double seconds = harness.settings().seconds;
  for (const uint32_t count : {100U, 1000U, 10'000U}) {
    harness.Add(fmt::format("fan_out_{}", count), [&harness, seconds, count] {
      return stet::bench::FanOut(harness.NewFolder(), count, seconds);
    });
    harness.Add(fmt::format("fan_out_{}_memory", count),
                [seconds, count] { return stet::bench::FanOut("", count, seconds); });
  }
  return harness.Run();
}
