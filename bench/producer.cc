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

// The last batches may be large: an end short of the pool's keeps them in it.
bool UsedUp(const wal::Writer& writer, uint64_t pool_bytes) {
  constexpr uint64_t kReserve = 24 << 20;
  return pool_bytes != 0 && writer.stats().written_bytes + kReserve > pool_bytes;
}

void AddBatches(const wal::WriterStats& stats, Samples* samples) {
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
          .first_segment_bytes = bytes};
}

uint64_t PoolBytes(size_t outstanding) {
  if (outstanding <= 64) return 256 << 20;
  return outstanding <= 512 ? uint64_t{1} << 30 : uint64_t{2} << 30;
}

absl::StatusOr<Samples> Produce(const Production& production, Costs* costs) {
  STET_ASSIGN_OR_RETURN(const std::unique_ptr<wal::Writer> writer, NewWriter(production.options));
  const std::vector<std::byte> payload(production.payload_bytes, std::byte{'p'});
  const std::array<wal::NewRecord, 1> group{{{.type = 1, .payload = payload}}};
  std::deque<Burst> waiting;
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
    over = over || now >= end || UsedUp(*writer, production.pool_bytes);
  }
  Samples samples = latencies.Describe(now - begin);
  const wal::WriterStats stats = writer->stats();
  AddBatches(stats, &samples);
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
  costs->Begin();
  const int64_t begin = NowNanos();
  const int64_t end = begin + static_cast<int64_t>(production.seconds * 1e9);
  while (NowNanos() < end && !UsedUp(*writer, production.pool_bytes)) {
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
  AddBatches(stats, &samples);
  Append(costs->End(stats.batches), &samples);
  STET_RETURN_IF_ERROR(writer->Close());
  return samples;
}

}  // namespace stet::bench
