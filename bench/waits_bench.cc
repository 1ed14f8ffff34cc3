// Many executions that wait: how late the due ones of a million timers are, what the others cost meanwhile; what one more
// costs that waits for a signal.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <absl/time/clock.h>
#include <fmt/format.h>

#include "bench/costs.h"
#include "bench/harness.h"
#include "bench/latency.h"
#include "stet/engine.h"
#include "tools/stet/status_macros.h"

namespace stet::bench {
namespace {

constexpr uint32_t kTimers = 1'000'000;
constexpr uint32_t kWaiting = 100'000;
constexpr uint32_t kProbes = 500;  // timers that come due while all others wait
constexpr uint32_t kPart = 10'000;
constexpr uint32_t kAtOnce = 1000;
constexpr absl::Duration kProbesEvery = absl::Milliseconds(4);
constexpr absl::Duration kProbesAfter = absl::Milliseconds(500);

EngineOptions OptionsFor(const std::string& folder) {
  EngineOptions options;
  options.directory = folder;
  options.recovery_target = absl::InfiniteDuration();
  options.limits.live_executions = 2 * kTimers;
  options.workflows = {
      {.name = "nap", .tasks = {{.name = "t", .kind = TimerTask{.duration = absl::Hours(24)}}}},
      {.name = "probe", .tasks = {{.name = "t", .kind = TimerTask{.duration = kProbesAfter}}}},
      {.name = "wait", .tasks = {{.name = "s", .kind = EventTask{.signal = "go"}}}}};
  return options;
}

absl::Status StartMany(Engine& engine, const std::string& workflow, uint32_t first,
                       uint32_t count) {
  for (uint32_t done = 0; done < count;) {
    std::vector<StartRequest> requests;
    for (; done < count && requests.size() < kAtOnce; ++done) {
      requests.push_back(
          {.workflow = workflow, .key = fmt::format("{}{}", workflow, first + done)});
    }
    for (const absl::StatusOr<Started>& started : engine.StartAll(std::move(requests))) {
      STET_RETURN_IF_ERROR(started.status());
    }
  }
  return absl::OkStatus();
}

double MicrosSince(int64_t begin) { return static_cast<double>(NowNanos() - begin) / 1e3; }

// From the time of a timer until the end of its execution is released and told.
absl::StatusOr<Latencies> Lateness(Engine& engine, const std::atomic<uint32_t>& ended,
                                   const std::vector<absl::Time>& told) {
  for (uint32_t probe = 0; probe < kProbes; ++probe) {
    STET_RETURN_IF_ERROR(
        engine.Start({.workflow = "probe", .key = fmt::format("probe{}", probe)}).status());
    absl::SleepFor(kProbesEvery);
  }
  while (ended < kProbes) absl::SleepFor(absl::Milliseconds(1));
  Latencies late;
  for (uint32_t probe = 0; probe < kProbes; ++probe) {
    STET_ASSIGN_OR_RETURN(const ExecutionReport report,
                          engine.Report(fmt::format("probe{}", probe)));
    const absl::Time due = *report.tasks[0].started_at + kProbesAfter;
    late.Add(std::max<int64_t>(absl::ToInt64Nanoseconds(told[probe] - due), 0));
  }
  return late;
}

absl::StatusOr<Samples> Timers(const std::string& folder, uint32_t timers, double seconds) {
  std::atomic<uint32_t> ended = 0;
  std::vector<absl::Time> told(kProbes);
  EngineOptions options = OptionsFor(folder);
  options.on_ended = [&](const ExecutionSummary& summary) {
    told[std::strtoul(summary.key.c_str() + 5, nullptr, 10)] = absl::Now();
    ++ended;
  };
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, Engine::Open(std::move(options)));
  const int64_t begin = NowNanos();
  STET_RETURN_IF_ERROR(StartMany(*engine, "nap", 0, timers));
  const double start_us = MicrosSince(begin);
  // The log's helper has segments to prepare.
  absl::SleepFor(absl::Seconds(1));
  const double idle_cpu = CpuMicros();
  const int64_t idle_begin = NowNanos();
  absl::SleepFor(absl::Seconds(std::max(seconds, 2.0)));
  const double idle = (CpuMicros() - idle_cpu) / MicrosSince(idle_begin);
  STET_ASSIGN_OR_RETURN(const Latencies late, Lateness(*engine, ended, told));
  return Samples{{"start", start_us / timers, "us_per_timer"},
                 {"idle_cpu", 100 * idle, "%"},
                 {"late_p50", late.QuantileMicros(0.5) / 1e3, "ms"},
                 {"late_p99", late.QuantileMicros(0.99) / 1e3, "ms"},
                 {"late_max", late.QuantileMicros(1) / 1e3, "ms"}};
}

// What a part of them costs: CPU, of the whole process.
struct Cost {
  double start_us = 0;
  double signal_us = 0;
};

absl::StatusOr<Cost> OneMorePart(Engine& engine, std::atomic<uint32_t>& ended, uint32_t first) {
  constexpr uint32_t kSignals = 500;
  Cost cost;
  double cpu = CpuMicros();
  STET_RETURN_IF_ERROR(StartMany(engine, "wait", first, kPart));
  cost.start_us = (CpuMicros() - cpu) / kPart;
  cpu = CpuMicros();
  ended = 0;
  for (uint32_t i = 0; i < kSignals; ++i) {
    STET_RETURN_IF_ERROR(engine.Signal(fmt::format("wait{}", first + i), "go").status());
  }
  while (ended < kSignals) absl::SleepFor(absl::Milliseconds(1));
  cost.signal_us = (CpuMicros() - cpu) / kSignals;
  return cost;
}

absl::StatusOr<Samples> Waiting(const std::string& folder, uint32_t executions) {
  std::atomic<uint32_t> ended = 0;
  EngineOptions options = OptionsFor(folder);
  options.on_ended = [&](const ExecutionSummary&) { ++ended; };
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, Engine::Open(std::move(options)));
  STET_RETURN_IF_ERROR(OneMorePart(*engine, ended, 0).status());  // Warm.
  STET_ASSIGN_OR_RETURN(const Cost first, OneMorePart(*engine, ended, kPart));
  STET_RETURN_IF_ERROR(StartMany(*engine, "wait", 2 * kPart, executions));
  STET_ASSIGN_OR_RETURN(const Cost last, OneMorePart(*engine, ended, 2 * kPart + executions));
  return Samples{{"start_first", first.start_us, "us"},
                 {"start_last", last.start_us, "us"},
                 {"signal_first", first.signal_us, "us"},
                 {"signal_last", last.signal_us, "us"},
                 {"start_growth", last.start_us / first.start_us, "x"},
                 {"signal_growth", last.signal_us / first.signal_us, "x"}};
}

}  // namespace
}  // namespace stet::bench

// Fewer timers than a million: STET_BENCH_EXECUTIONS.
int main(int argc, char** argv) {
  stet::bench::Harness harness("waits", argc, argv);
  const char* wanted = std::getenv("STET_BENCH_EXECUTIONS");  // NOLINT(concurrency-mt-unsafe)
  const auto timers = wanted == nullptr ? stet::bench::kTimers
                                        : static_cast<uint32_t>(std::strtoul(wanted, nullptr, 10));
  const double seconds = harness.settings().seconds;
  harness.Add("timers", [&harness, timers, seconds] {
    return stet::bench::Timers(harness.NewFolder(), timers, seconds);
  });
  harness.Add("waiting", [&harness] {
    return stet::bench::Waiting(harness.NewFolder(), stet::bench::kWaiting);
  });
  harness.Expect("timers.late_max", {.at_most = 10});
  harness.Expect("timers.idle_cpu", {.at_most = 1});
  harness.Expect("waiting.start_growth", {.at_most = 1.25});
  harness.Expect("waiting.signal_growth", {.at_most = 1.25});
  return harness.Run();
}
