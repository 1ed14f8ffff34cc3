// Closed loops and floods over a wal::Writer.
#include "bench/producer.h"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "bench/latency.h"
#include "stet/wal/recovery.h"
#include "stet/wal/writer.h"
#include "tools/stet/status_macros.h"

namespace stet::bench {
namespace {

// The last batches may be large: an end short of the pool's keeps them in it.
constexpr uint64_t kReserve = 48 << 20;

// Records that were appended together.
struct Burst {
  uint64_t last_seq = 0;
  uint64_t count = 0;
  int64_t since = 0;
};

absl::StatusOr<std::unique_ptr<wal::Writer>> NewWriter(const wal::Options& options) {
  STET_ASSIGN_OR_RETURN(wal::RecoveredLog recovered, wal::Recover(options));
  return wal::Writer::Start(std::move(recovered), options);
}

// Says when a pool is nearly used up.  Statistics are not free: it asks now and then.
class Pool {
 public:
  explicit Pool(uint64_t bytes) : bytes_(bytes) {}

  bool UsedUp(const wal::Writer& writer) {
    constexpr uint32_t kEvery = 16;
    if (bytes_ == 0 || ++asked_ % kEvery != 0) return false;
    return writer.stats().written_bytes + kReserve > bytes_;
  }

 private:
  const uint64_t bytes_;
  uint32_t asked_ = 0;
};

void AddBatches(const wal::WriterStats& stats, uint64_t pool_bytes, Samples* samples) {
  if (pool_bytes != 0) {
    samples->push_back({"pool", static_cast<double>(pool_bytes) / (1 << 20), "MiB"});
  }
  const auto batches = static_cast<double>(std::max<uint64_t>(stats.batches, 1));
  samples->push_back({"batch", static_cast<double>(stats.records) / batches, "records"});
  samples->push_back(
      {"batch_bytes", static_cast<double>(stats.written_bytes) / batches / 1024, "KiB"});
}

void Append(Samples more, Samples* samples) {
  for (Sample& sample : more) samples->push_back(std::move(sample));
}

// Appends until `outstanding` are on their way; all of them share one reading of the clock.
absl::Status FillUp(wal::Writer* writer, std::span<const wal::NewRecord> group, uint64_t missing,
                    std::deque<Burst>* waiting) {
  if (missing == 0) return absl::OkStatus();
  Burst burst{.last_seq = 0, .count = missing, .since = NowNanos()};
  for (uint64_t i = 0; i < missing; ++i) {
    STET_ASSIGN_OR_RETURN(burst.last_seq, writer->Append(group, 0));
  }
  waiting->push_back(burst);
  return absl::OkStatus();
}

// Takes what was released off `waiting`; gives its count.
uint64_t TakeReleased(uint64_t released, int64_t now, std::deque<Burst>* waiting,
                      Latencies* latencies) {
  uint64_t taken = 0;
  while (!waiting->empty()) {
    Burst& burst = waiting->front();
    const uint64_t first = burst.last_seq - burst.count + 1;
    if (released < first) break;
    const uint64_t count = std::min(released, burst.last_seq) - first + 1;
    latencies->Add(now - burst.since, count);
    burst.count -= count;
    taken += count;
    if (burst.count == 0) waiting->pop_front();
  }
  return taken;
}

}  // namespace

wal::Options PoolOptions(std::string directory, uint64_t bytes) {
  return {.directory = std::move(directory),
          .create = true,
          .segment_bytes = bytes,
          .first_segment_bytes = bytes,
          .helper_thread = false};
}

uint64_t PoolBytes(double megabytes_per_second, double seconds) {
  constexpr uint64_t kStep = 16 << 20;
  constexpr uint64_t kMost = uint64_t{2} << 30;
  const auto bytes = static_cast<uint64_t>(megabytes_per_second * 1e6 * seconds);
  return std::min(bytes / kStep * kStep + kReserve + kStep, kMost);
}

absl::StatusOr<Samples> Produce(const Production& production, Costs* costs) {
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Writer> writer, NewWriter(production.options));
  const std::vector<std::byte> payload(production.payload_bytes, std::byte{'p'});
  const std::array<wal::NewRecord, 1> group{{{.type = 1, .payload = payload}}};
  std::deque<Burst> waiting;
  Pool pool(production.pool_bytes);
  Latencies latencies;
  uint64_t on_the_way = 0;
  costs->Begin();
  const int64_t begin = NowNanos();
  const int64_t end = begin + static_cast<int64_t>(production.seconds * 1e9);
  int64_t now = begin;
  bool over = false;
  while (!over || on_the_way > 0) {
    if (!over) {
      STET_RETURN_IF_ERROR(
          FillUp(writer.get(), group, production.outstanding - on_the_way, &waiting));
      on_the_way = production.outstanding;
    }
    STET_RETURN_IF_ERROR(writer->Poll(absl::Seconds(1)));
    now = NowNanos();
    on_the_way -= TakeReleased(writer->released(), now, &waiting, &latencies);
    over = over || now >= end || pool.UsedUp(*writer);
  }
  Samples samples = latencies.Describe(now - begin);
  const wal::WriterStats stats = writer->stats();
  AddBatches(stats, production.pool_bytes, &samples);
  Append(costs->End(stats.batches), &samples);
  STET_RETURN_IF_ERROR(writer->Close());
  return samples;
}

absl::StatusOr<Samples> Flood(const Production& production, Costs* costs) {
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Writer> writer, NewWriter(production.options));
  const std::vector<std::byte> payload(production.payload_bytes, std::byte{'p'});
  const std::array<wal::NewRecord, 1> group{{{.type = 1, .payload = payload}}};
  // About 64 KiB between two calls that drive the disk.
  const size_t burst = std::max<size_t>((64 << 10) / (production.payload_bytes + 32), 1);
  Pool pool(production.pool_bytes);
  costs->Begin();
  const int64_t begin = NowNanos();
  const int64_t end = begin + static_cast<int64_t>(production.seconds * 1e9);
  while (NowNanos() < end && !pool.UsedUp(*writer)) {
    for (size_t i = 0; i < burst; ++i) {
      STET_RETURN_IF_ERROR(writer->Append(group, 0).status());
    }
    STET_RETURN_IF_ERROR(writer->Poll(absl::ZeroDuration()));
  }
  STET_RETURN_IF_ERROR(writer->Flush());
  const double took = static_cast<double>(NowNanos() - begin) / 1e9;
  const wal::WriterStats stats = writer->stats();
  Samples samples = {{"rate", static_cast<double>(stats.records) / took, "1/s"},
                     {"bandwidth", static_cast<double>(stats.payload_bytes) / took / 1e6, "MB/s"}};
  AddBatches(stats, production.pool_bytes, &samples);
  Append(costs->End(stats.batches), &samples);
  STET_RETURN_IF_ERROR(writer->Close());
  return samples;
}

}  // namespace stet::bench
