// Saving a record of 1 KiB, one at a time, by durability; and loading one back from the log.  dag-executor, which keeps a
// file per record, publishes 0.85 ms (in place), 2 ms (renamed) and 8 ms (flushed) per save.
#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "bench/harness.h"
#include "bench/latency.h"
#include "stet/wal/log.h"
#include "stet/wal/reader.h"
#include "tools/stet/status_macros.h"

namespace stet::bench {
namespace {

constexpr size_t kRecordBytes = 1024;
constexpr uint64_t kLoaded = 20'000;  // records in the log that is read
constexpr uint64_t kLoads = 2000;
constexpr double kDagExecutorFastMillis = 0.85;
constexpr double kDagExecutorAtomicMillis = 2;
constexpr double kDagExecutorDurableMillis = 8;

wal::Options OptionsFor(std::string folder, wal::Durability durability) {
  wal::Options options = {.directory = std::move(folder), .create = true};
  options.durability = durability;
  return options;
}

absl::StatusOr<Samples> Save(const std::string& folder, wal::Durability durability,
                             double seconds) {
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Log> log,
                        wal::Log::Open(OptionsFor(folder, durability)));
  const std::string record(kRecordBytes, 'r');
  Latencies latencies;
  const int64_t begin = NowNanos();
  int64_t now = begin;
  while (static_cast<double>(now - begin) < seconds * 1e9) {
    STET_ASSIGN_OR_RETURN(const uint64_t seq, log->Append(record));
    STET_RETURN_IF_ERROR(log->Sync(seq));
    const int64_t done = NowNanos();
    latencies.Add(done - now);
    now = done;
  }
  STET_RETURN_IF_ERROR(log->Close());
  return latencies.Describe(now - begin);
}

// Any record by its seq, from a log that is open; and all of them in order.
absl::StatusOr<Samples> Load(const std::string& folder) {
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Log> log,
                        wal::Log::Open(OptionsFor(folder, wal::Durability::kOs)));
  const std::string record(kRecordBytes, 'r');
  uint64_t last = 0;
  for (uint64_t i = 0; i < kLoaded; ++i) {
    STET_ASSIGN_OR_RETURN(last, log->Append(record));
  }
  STET_RETURN_IF_ERROR(log->Sync(last));
  std::mt19937_64 random(1);
  Latencies one;
  for (uint64_t i = 0; i < kLoads; ++i) {
    const int64_t begin = NowNanos();
    const uint64_t seq = 1 + random() % last;
    STET_ASSIGN_OR_RETURN(wal::Reader reader, log->NewReader(seq));
    if (!reader.Next() || reader.record().seq != seq) {
      return reader.status().ok() ? absl::InternalError("another record") : reader.status();
    }
    one.Add(NowNanos() - begin);
  }
  const int64_t begin = NowNanos();
  STET_ASSIGN_OR_RETURN(wal::Reader reader, log->NewReader());
  uint64_t read = 0;
  while (reader.Next()) ++read;
  STET_RETURN_IF_ERROR(reader.status());
  const double each = static_cast<double>(NowNanos() - begin) / 1e3 / static_cast<double>(read);
  return Samples{{"p50", one.QuantileMicros(0.5), "us"},
                 {"p99", one.QuantileMicros(0.99), "us"},
                 {"in_order", each, "us"}};
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  using stet::wal::Durability;
  stet::bench::Harness harness("records", argc, argv);
  const double seconds = harness.settings().seconds;
  const auto add = [&](const std::string& name, Durability durability, double millis) {
    harness.Add(name, [&harness, seconds, durability] {
      return stet::bench::Save(harness.NewFolder(), durability, seconds);
    });
    harness.Expect(name + ".p50", {.at_most = millis * 1e3});
  };
  add("save_memory", Durability::kMemory, stet::bench::kDagExecutorFastMillis);
  add("save_os", Durability::kOs, stet::bench::kDagExecutorFastMillis);
  add("save_interval", Durability::kInterval, stet::bench::kDagExecutorAtomicMillis);
  add("save_commit", Durability::kCommit, stet::bench::kDagExecutorDurableMillis);
  add("save_witness", Durability::kWitness, stet::bench::kDagExecutorDurableMillis);
  harness.Add("load", [&harness] { return stet::bench::Load(harness.NewFolder()); });
  return harness.Run();
}
