// Events replayed per second when a directory is opened.
#include <cstdint>
#include <string>
#include <utility>

#include "bench/chains.h"
#include "bench/harness.h"

namespace stet::bench {
namespace {

constexpr uint64_t kExecutions = 10'000;

absl::StatusOr<Samples> Replay(const std::string& folder) {
  absl::StatusOr<ChainResult> made = RunChains({.directory = folder,
                                                .durability = wal::Durability::kOs,
                                                .at_once = 256,
                                                .seconds = 3600,
                                                .executions_max = kExecutions});
  if (!made.ok()) return made.status();
  EngineOptions options;
  options.directory = folder;
  options.execute = false;
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

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  stet::bench::Harness harness("replay", argc, argv);
  harness.Add("replay_chains", [&] { return stet::bench::Replay(harness.NewFolder()); });
  return harness.Run();
}
