// Events replayed per second when a directory is opened.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <absl/status/status.h>

#include "bench/chains.h"
#include "bench/harness.h"

namespace stet::bench {
namespace {

constexpr uint64_t kExecutions = 10'000;
// 32 events each.
constexpr uint64_t kTenMillion = 312'500;

// A log of ended chains, without a snapshot.
absl::Status WriteLog(const std::string& folder, uint64_t executions) {
  const ChainLoad load = {.directory = folder,
                          .durability = wal::Durability::kOs,
                          .at_once = 256,
                          .seconds = 3600,
                          .executions_max = executions};
  EndedChains ended;
  EngineOptions options = ChainOptions(load, ended);
  options.recovery_target = absl::InfiniteDuration();
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(std::move(options));
  if (!engine.ok()) return engine.status();
  const absl::StatusOr<ChainResult> driven = DriveChains(load, **engine, ended);
  return driven.ok() ? (*engine)->Close() : driven.status();
}

absl::StatusOr<Samples> Replay(const std::string& folder) {
  EngineOptions options;
  options.directory = folder;
  options.execute = false;
  options.recovery_target = absl::InfiniteDuration();
  const int64_t begin = NowNanos();
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(std::move(options));
  if (!engine.ok()) return engine.status();
  const auto open_ms = static_cast<double>(NowNanos() - begin) / 1e6;
  const EngineRecovery& recovery = (*engine)->recovery();
  const auto events = static_cast<double>(recovery.events_replayed);
  return Samples{{"events", events, "events"},
                 {"rate", events / absl::ToDoubleSeconds(recovery.replay_time), "1/s"},
                 {"open", open_ms, "ms"}};
}

absl::StatusOr<Samples> WriteAndReplay(const std::string& folder, uint64_t executions) {
  if (const absl::Status made = WriteLog(folder, executions); !made.ok()) return made;
  return Replay(folder);
}

void Run(Harness& harness) {
  for (const auto& [name, executions] :
       {std::pair("replay_chains", kExecutions), std::pair("replay_ten_million", kTenMillion)}) {
    harness.Add(name, [&harness, count = executions] {
      return WriteAndReplay(harness.NewFolder(), count);
    });
  }
  harness.Expect("replay_chains.rate", {.at_least = 5e6});
  harness.Expect("replay_ten_million.open", {.at_most = 3000});
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  stet::bench::Harness harness("replay", argc, argv);
  stet::bench::Run(harness);
  return harness.Run();
}
