// Durable appends of 100 bytes by number outstanding, beside the disk's own durable overwrites.
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "bench/harness.h"
#include "bench/latency.h"
#include "bench/raw_disk.h"
#include "stet/wal/recovery.h"
#include "stet/wal/writer.h"

namespace stet::bench {
namespace {

constexpr size_t kPayloadBytes = 100;

struct Waiting {
  uint64_t seq = 0;
  int64_t since = 0;
};

absl::StatusOr<std::unique_ptr<wal::Writer>> NewWriter(const std::string& folder) {
  const wal::Options options{.directory = folder, .create = true};
  absl::StatusOr<wal::RecoveredLog> recovered = wal::Recover(options);
  if (!recovered.ok()) return recovered.status();
  return wal::Writer::Start(*std::move(recovered), options);
}

// Keeps `outstanding` records between append and release, from one thread.
absl::StatusOr<Samples> Append(const std::string& folder, size_t outstanding, double seconds) {
  absl::StatusOr<std::unique_ptr<wal::Writer>> writer = NewWriter(folder);
  if (!writer.ok()) return writer.status();
  constexpr std::array<std::byte, kPayloadBytes> kPayload{};
  const std::array<wal::NewRecord, 1> group{{{.type = 1, .payload = kPayload}}};
  std::deque<Waiting> waiting;
  Latencies latencies;
  const int64_t begin = NowNanos();
  const int64_t end = begin + static_cast<int64_t>(seconds * 1e9);
  int64_t now = begin;
  while (now < end || !waiting.empty()) {
    while (now < end && waiting.size() < outstanding) {
      absl::StatusOr<uint64_t> seq = (*writer)->Append(group, 0);
      if (!seq.ok()) return seq.status();
      waiting.push_back({.seq = *seq, .since = NowNanos()});
    }
    if (absl::Status polled = (*writer)->Poll(absl::Seconds(1)); !polled.ok()) return polled;
    now = NowNanos();
    const uint64_t released = (*writer)->released();
    for (; !waiting.empty() && waiting.front().seq <= released; waiting.pop_front()) {
      latencies.Add(now - waiting.front().since);
    }
  }
  Samples samples = latencies.Describe(now - begin);
  const wal::WriterStats stats = (*writer)->stats();
  samples.push_back({"batch",
                     static_cast<double>(stats.records) / static_cast<double>(stats.batches),
                     "records"});
  if (absl::Status closed = (*writer)->Close(); !closed.ok()) return closed;
  return samples;
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  using stet::bench::Append;
  stet::bench::Harness harness("append", argc, argv);
  const double seconds = harness.settings().seconds;
  harness.Add("raw_overwrite_4k",
              [&] { return stet::bench::RawDurableOverwrites(harness.NewFolder(), seconds); });
  for (const size_t outstanding : {1, 8, 64, 512}) {
    harness.Add(fmt::format("append_100B_{}", outstanding), [&harness, seconds, outstanding] {
      return Append(harness.NewFolder(), outstanding, seconds);
    });
  }
  return harness.Run();
}
