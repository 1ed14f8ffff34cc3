// A directory with many live executions: how long a snapshot of it takes, and opening with one.
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/harness.h"
#include "bench/latency.h"
#include "stet/engine.h"

namespace stet::bench {
namespace {

constexpr uint64_t kExecutionsMax = 1'000'000;
constexpr uint64_t kAtOnce = 1000;
constexpr size_t kInputBytes = 100;

EngineOptions OptionsFor(const std::string& folder) {
  EngineOptions options;
  options.directory = folder;
  options.durability = wal::Durability::kOs;
  options.workflows = {{.name = "main",
                        .tasks = {{.name = "a", .activity = "nothing"},
                                  {.name = "b", .activity = "nothing", .after = {"a"}},
                                  {.name = "c", .activity = "nothing", .after = {"b"}}}}};
  options.execute = false;
  options.recovery_target = absl::InfiniteDuration();
  return options;
}

double MillisSince(int64_t begin) { return static_cast<double>(NowNanos() - begin) / 1e6; }

// Of the process, the most that it ever was.
double PeakMegabytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

absl::Status StartMany(Engine& engine, uint64_t count) {
  const std::string input(kInputBytes, 'i');
  for (uint64_t done = 0; done < count; done += kAtOnce) {
    std::vector<StartRequest> requests;
    for (uint64_t i = done; i < std::min(count, done + kAtOnce); ++i) {
      requests.push_back({.workflow = "main", .key = fmt::format("k{}", i), .input = input});
    }
    for (const absl::StatusOr<Started>& started : engine.StartAll(std::move(requests))) {
      if (!started.ok()) return started.status();
    }
  }
  return absl::OkStatus();
}

// Opens the directory, and says what it took.
absl::StatusOr<Samples> Open(const std::string& folder) {
  const int64_t begin = NowNanos();
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(OptionsFor(folder));
  if (!engine.ok()) return engine.status();
  const double open_ms = MillisSince(begin);
  const EngineRecovery& recovery = (*engine)->recovery();
  return Samples{{"open", open_ms, "ms"},
                 {"events", static_cast<double>(recovery.events_replayed), "events"},
                 {"replay", absl::ToDoubleMilliseconds(recovery.replay_time), "ms"},
                 {"load", absl::ToDoubleMilliseconds(recovery.snapshot_time), "ms"}};
}

class Directory {
 public:
  Directory(Harness& harness, uint64_t executions) : harness_(harness), executions_(executions) {}

  absl::StatusOr<Samples> Replay() {
    if (absl::Status made = Make(); !made.ok()) return made;
    return Open(folder_);
  }

  absl::StatusOr<Samples> Snapshot() {
    if (absl::Status made = Make(); !made.ok()) return made;
    absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(OptionsFor(folder_));
    if (!engine.ok()) return engine.status();
    const int64_t begin = NowNanos();
    const absl::StatusOr<SnapshotInfo> made = (*engine)->Snapshot();
    if (!made.ok()) return made.status();
    Samples samples = {{"make", MillisSince(begin), "ms"},
                       {"size", static_cast<double>(made->bytes) / 1e6, "MB"},
                       {"peak", PeakMegabytes(), "MB"}};
    engine->reset();
    absl::StatusOr<Samples> opened = Open(folder_);
    if (!opened.ok()) return opened.status();
    samples.insert(samples.end(), opened->begin(), opened->end());
    return samples;
  }

 private:
  // A new one for each turn: the harness removes what a turn leaves.
  absl::Status Make() {
    folder_ = harness_.NewFolder();
    absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(OptionsFor(folder_));
    return engine.ok() ? StartMany(**engine, executions_) : engine.status();
  }

  Harness& harness_;
  const uint64_t executions_;
  std::string folder_;
};

}  // namespace
}  // namespace stet::bench

// Fewer executions than a million: STET_BENCH_EXECUTIONS.
int main(int argc, char** argv) {
  stet::bench::Harness harness("snapshot", argc, argv);
  const char* wanted = std::getenv("STET_BENCH_EXECUTIONS");  // NOLINT(concurrency-mt-unsafe)
  const uint64_t executions =
      wanted == nullptr ? stet::bench::kExecutionsMax : std::strtoull(wanted, nullptr, 10);
  stet::bench::Directory replayed(harness, executions);
  stet::bench::Directory kept(harness, executions);
  harness.Add("open_live_log", [&] { return replayed.Replay(); });
  harness.Add("open_live_snapshot", [&] { return kept.Snapshot(); });
  if (executions == stet::bench::kExecutionsMax) {
    harness.Expect("open_live_snapshot.open", {.at_most = 1000});
  }
  return harness.Run();
}
