// Durable steps per second for chains of 10 empty tasks, by the number of executions at once; and
// what a task costs in CPU, in events and bytes of log, and in bytes of the disk.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "bench/chains.h"
#include "bench/costs.h"
#include "bench/harness.h"
#include "stet/inspect.h"
#include "stet/wal/recovery.h"
#include "tools/stet/status_macros.h"
#include "tools/walbench/device.h"

namespace stet::bench {
namespace {

// Steps, and what each costs: CPU, and what is written to the disk, segments that are prepared meanwhile included.
absl::StatusOr<Samples> Steps(const std::string& folder, uint32_t at_once, double seconds) {
  const ChainLoad load = {.directory = folder, .at_once = at_once, .seconds = seconds};
  EndedChains ended;
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                        Engine::Open(ChainOptions(load, ended)));
  const walbench::Device device = walbench::Device::Under(folder.empty() ? "." : folder);
  const auto before = device.Read();
  const double cpu = CpuMicros();
  STET_ASSIGN_OR_RETURN(const ChainResult result, DriveChains(load, *engine, ended));
  const double used = CpuMicros() - cpu;
  const auto after = device.Read();
  STET_RETURN_IF_ERROR(engine->Close());
  const double steps = static_cast<double>(result.executions) * kChainTasks;
  Samples samples = {{"steps", steps / (static_cast<double>(result.elapsed_ns) / 1e9), "1/s"},
                     {"chain_p50", result.latencies.QuantileMicros(0.5) / 1e3, "ms"},
                     {"chain_p99", result.latencies.QuantileMicros(0.99) / 1e3, "ms"},
                     {"cpu", used / steps, "us_per_step"}};
  if (!folder.empty() && before && after) {
    const auto written = static_cast<double>((*after - *before).written_bytes);
    samples.push_back({"device", written / steps, "bytes_per_step"});
  }
  return samples;
}

// Reads the log back and divides by the tasks.
absl::StatusOr<Samples> Cost(const std::string& folder, uint32_t at_once) {
  constexpr uint64_t kExecutions = 2000;
  absl::StatusOr<ChainResult> result = RunChains(
      {.directory = folder, .at_once = at_once, .seconds = 3600, .executions_max = kExecutions});
  if (!result.ok()) return result.status();
  absl::StatusOr<wal::RecoveredLog> log = wal::Recover(LogOptionsFor(folder));
  if (!log.ok()) return log.status();
  uint64_t events = 0;
  uint64_t payload_bytes = 0;
  uint64_t batch_bytes = 0;
  uint64_t batch = 0;
  wal::Reader reader = log->NewReader();
  for (const wal::Record& record : reader) {
    ++events;
    payload_bytes += record.payload.size();
    if (std::exchange(batch, record.lsn) != record.lsn) batch_bytes += reader.batch().bytes;
  }
  if (!reader.status().ok()) return reader.status();
  const double tasks = kExecutions * kChainTasks;
  return Samples{{"events", static_cast<double>(events) / tasks, "per_task"},
                 {"payload", static_cast<double>(payload_bytes) / tasks, "bytes_per_task"},
                 {"log", static_cast<double>(batch_bytes) / tasks, "bytes_per_task"}};
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  stet::bench::Harness harness("steps", argc, argv);
  const double seconds = harness.settings().seconds;
  for (const uint32_t at_once : {1U, 16U, 64U, 256U}) {
    harness.Add(fmt::format("chains_{}", at_once), [&harness, seconds, at_once] {
      return stet::bench::Steps(harness.NewFolder(), at_once, seconds);
    });
  }
  // Without a log: what the loop and the workers cost by themselves.
  harness.Add("memory_256", [seconds] { return stet::bench::Steps("", 256, seconds); });
  harness.Add("cost_256", [&] { return stet::bench::Cost(harness.NewFolder(), 256); });
  return harness.Run();
}
