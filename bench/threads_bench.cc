// Durable appends of 100 B from 64 threads that block: wal::Log beside a plain group commit and other stores.
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "bench/costs.h"
#include "bench/group_commit.h"
#include "bench/harness.h"
#include "bench/producer.h"
#include "bench/stores.h"
#include "bench/threads.h"
#include "stet/wal/log.h"
#include "tools/stet/status_macros.h"

namespace stet::bench {
namespace {

constexpr size_t kThreads = 64;
constexpr uint64_t kPoolBytes = 256 << 20;  // that of the plain group commit, too

absl::StatusOr<Samples> LogThreads(const wal::Options& options, size_t threads, double seconds,
                                   Costs* costs) {
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Log> log, wal::Log::Open(options));
  const std::string payload(100, 'p');
  costs->Begin();
  STET_ASSIGN_OR_RETURN(Samples samples, RunThreads(threads, seconds, [&](size_t) -> absl::Status {
                          STET_ASSIGN_OR_RETURN(const uint64_t seq, log->Append(payload));
                          return log->Sync(seq);
                        }));
  const wal::WriterStats stats = log->stats();
  samples.push_back({"batch",
                     static_cast<double>(stats.records) / static_cast<double>(stats.batches),
                     "records"});
  for (Sample& sample : costs->End(stats.batches)) samples.push_back(std::move(sample));
  STET_RETURN_IF_ERROR(log->Close());
  return samples;
}

absl::StatusOr<Samples> PlainThreads(const std::string& folder, size_t threads, double seconds) {
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<GroupCommit> plain, GroupCommit::Open(folder));
  return RunThreads(threads, seconds, [&](size_t) { return plain->Append(); });
}

// The rate counts rows.
absl::StatusOr<Samples> StoreThreads(absl::StatusOr<std::unique_ptr<Store>> store, size_t rows,
                                     size_t threads, double seconds) {
  STET_RETURN_IF_ERROR(store.status());
  STET_ASSIGN_OR_RETURN(Samples samples, RunThreads(threads, seconds, [&](size_t) {
                          return (*store)->Append(rows);
                        }));
  samples.front().value *= static_cast<double>(rows);
  return samples;
}

void AddStores(Harness* harness) {
  const double seconds = harness->settings().seconds;
  harness->Add("rocksdb_sync_64",
               [=] { return StoreThreads(OpenRocks(harness->NewFolder()), 1, kThreads, seconds); });
  harness->Add("sqlite_full_1_row_64", [=] {
    return StoreThreads(OpenSqlite(harness->NewFolder()), 1, kThreads, seconds);
  });
  harness->Add("sqlite_full_100_rows_64", [=] {
    return StoreThreads(OpenSqlite(harness->NewFolder()), 100, kThreads, seconds);
  });
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  stet::bench::Harness harness("threads", argc, argv);
  stet::bench::Costs costs(harness.settings().directory);
  const double seconds = harness.settings().seconds;
  for (const size_t threads : {size_t{1}, stet::bench::kThreads}) {
    harness.Add(fmt::format("plain_group_commit_{}", threads), [&harness, threads, seconds] {
      return stet::bench::PlainThreads(harness.NewFolder(), threads, seconds);
    });
    harness.Add(fmt::format("log_{}", threads), [&harness, &costs, threads, seconds] {
      const auto options = stet::bench::PoolOptions(harness.NewFolder(), stet::bench::kPoolBytes);
      return stet::bench::LogThreads(options, threads, seconds, &costs);
    });
  }
  stet::bench::AddStores(&harness);
  // Default options: rotates through segments that are filled with zeros meanwhile.
  harness.Add("log_64_sustained", [&harness, &costs, seconds] {
    return stet::bench::LogThreads({.directory = harness.NewFolder(), .create = true},
                                   stet::bench::kThreads, 3 * seconds, &costs);
  });
  harness.Ratio("log_to_plain_group_commit_1", "log_1.rate", "plain_group_commit_1.rate", {});
  harness.Ratio("log_to_plain_group_commit_64", "log_64.rate", "plain_group_commit_64.rate",
                {.at_least = 1.5});
  harness.Ratio("log_to_rocksdb_64", "log_64.rate", "rocksdb_sync_64.rate", {.at_least = 4});
  harness.Ratio("log_64_sustained_to_pool", "log_64_sustained.rate", "log_64.rate", {});
  harness.Ratio("log_to_sqlite_1_row_64", "log_64.rate", "sqlite_full_1_row_64.rate", {});
  harness.Ratio("log_to_sqlite_100_rows_64", "log_64.rate", "sqlite_full_100_rows_64.rate", {});
  return harness.Run();
}
