// A snapshot of many live executions while chains run beside them at a part of what the engine can do:
// their pace and the longest of them before it, during it; and the memory that it takes.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/chains.h"
#include "bench/harness.h"

namespace stet::bench {
namespace {

constexpr uint64_t kExecutionsMax = 1'000'000;
constexpr uint64_t kStartedAtOnce = 1000;
constexpr uint32_t kChainsAtOnce = 256;
constexpr double kPartOfPeak = 0.7;

// Of this process, now and at most since the last Reset.
class Memory {
 public:
  static void Reset() { std::ofstream("/proc/self/clear_refs") << "5"; }
  static double NowMegabytes() { return Read("VmRSS:"); }
  static double PeakMegabytes() { return Read("VmHWM:"); }

 private:
  static double Read(const std::string& name) {
    std::ifstream status("/proc/self/status");
    std::string word;
    double kilobytes = 0;
    while (status >> word && word != name) {
    }
    status >> kilobytes;
    return kilobytes / 1024;
  }
};

// Executions that wait for a day: alive, with an input each, and nothing to do.
absl::Status StartWaiting(Engine& engine, uint64_t count) {
  for (uint64_t done = 0; done < count; done += kStartedAtOnce) {
    std::vector<StartRequest> requests;
    for (uint64_t i = done; i < std::min(count, done + kStartedAtOnce); ++i) {
      requests.push_back({.workflow = "waiting",
                          .key = fmt::format("w{}", i),
                          .input = std::string(100, 'i'),
                          .delay = absl::Hours(24)});
    }
    for (const absl::StatusOr<Started>& started : engine.StartAll(std::move(requests))) {
      if (!started.ok()) return started.status();
    }
  }
  return absl::OkStatus();
}

double PerSecond(const ChainResult& result) {
  return static_cast<double>(result.executions) * 1e9 / static_cast<double>(result.elapsed_ns);
}

void Tell(const std::string& when, const ChainResult& result, Samples* samples) {
  samples->push_back({when + "_steps", PerSecond(result) * kChainTasks, "1/s"});
  samples->push_back({when + "_p50", result.latencies.QuantileMicros(0.5) / 1e3, "ms"});
  samples->push_back({when + "_p999", result.latencies.QuantileMicros(0.999) / 1e3, "ms"});
}

absl::StatusOr<ChainResult> DuringSnapshot(ChainLoad load, Engine& engine, EndedChains& ended,
                                           Samples* samples) {
  std::atomic<bool> made = false;
  absl::StatusOr<SnapshotInfo> snapshot = absl::InternalError("not made");
  Memory::Reset();
  const double before = Memory::NowMegabytes();
  const int64_t begin = NowNanos();
  std::thread snapshotter([&] {
    snapshot = engine.Snapshot();
    samples->push_back({"snapshot", static_cast<double>(NowNanos() - begin) / 1e6, "ms"});
    made = true;
  });
  load.seconds = 600;
  load.enough = [&made] { return made.load(); };
  absl::StatusOr<ChainResult> result = DriveChains(load, engine, ended, 2);
  snapshotter.join();
  if (!snapshot.ok()) return snapshot.status();
  samples->push_back({"size", static_cast<double>(snapshot->bytes) / 1e6, "MB"});
  samples->push_back({"memory", before, "MB"});
  samples->push_back({"memory_peak", Memory::PeakMegabytes(), "MB"});
  return result;
}

absl::StatusOr<Samples> Busy(const std::string& folder, uint64_t executions, double seconds) {
  EndedChains ended;
  ChainLoad load = {.directory = folder, .at_once = kChainsAtOnce, .seconds = seconds};
  EngineOptions options = ChainOptions(load, ended);
  options.workflows.push_back({.name = "waiting",
                               .tasks = {{.name = "a", .activity = "nothing"},
                                         {.name = "b", .activity = "nothing", .after = {"a"}},
                                         {.name = "c", .activity = "nothing", .after = {"b"}}}});
  options.recovery_target = absl::InfiniteDuration();
  options.limits.live_executions = 2 * kExecutionsMax;
  options.retention = {.count = 1000, .key_retention = absl::ZeroDuration()};
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(std::move(options));
  if (!engine.ok()) return engine.status();
  if (absl::Status started = StartWaiting(**engine, executions); !started.ok()) return started;

  Samples samples;
  const absl::StatusOr<ChainResult> peak = DriveChains(load, **engine, ended, 0);
  if (!peak.ok()) return peak.status();
  Tell("peak", *peak, &samples);
  load.executions_per_second = kPartOfPeak * PerSecond(*peak);
  load.seconds = 5 * seconds;
  load.at_once = 100 * kChainsAtOnce;  // started when they are due, however long others take
  const absl::StatusOr<ChainResult> before = DriveChains(load, **engine, ended, 1);
  if (!before.ok()) return before.status();
  Tell("before", *before, &samples);
  const absl::StatusOr<ChainResult> during = DuringSnapshot(load, **engine, ended, &samples);
  if (!during.ok()) return during.status();
  Tell("during", *during, &samples);
  if (absl::Status closed = (*engine)->Close(); !closed.ok()) return closed;
  return samples;
}

}  // namespace
}  // namespace stet::bench

// Fewer executions than a million: STET_BENCH_EXECUTIONS.
int main(int argc, char** argv) {
  stet::bench::Harness harness("busy", argc, argv);
  const char* wanted = std::getenv("STET_BENCH_EXECUTIONS");  // NOLINT(concurrency-mt-unsafe)
  const uint64_t executions =
      wanted == nullptr ? stet::bench::kExecutionsMax : std::strtoull(wanted, nullptr, 10);
  const double seconds = harness.settings().seconds;
  harness.Add("snapshot_busy", [&harness, executions, seconds] {
    return stet::bench::Busy(harness.NewFolder(), executions, seconds);
  });
  harness.Ratio("steps_kept", "snapshot_busy.during_steps", "snapshot_busy.before_steps",
                {.at_least = 0.95});
  harness.Ratio("p999_grown", "snapshot_busy.during_p999", "snapshot_busy.before_p999",
                {.at_most = 2});
  return harness.Run();
}
