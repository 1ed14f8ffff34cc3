// Durable appends of 100 bytes by number outstanding, beside the disk's own durable overwrites.
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/harness.h"
#include "bench/latency.h"
#include "bench/raw_disk.h"
#include "stet/wal/log.h"
#include "stet/wal/recovery.h"
#include "stet/wal/writer.h"

namespace stet::bench {
namespace {

constexpr size_t kPayloadBytes = 100;

struct Waiting {
  uint64_t seq = 0;
  int64_t since = 0;
};

absl::StatusOr<std::unique_ptr<wal::Writer>> NewWriter(const wal::Options& options) {
  absl::StatusOr<wal::RecoveredLog> recovered = wal::Recover(options);
  if (!recovered.ok()) return recovered.status();
  return wal::Writer::Start(*std::move(recovered), options);
}

// Keeps `outstanding` records between append and release, from one thread.
absl::StatusOr<Samples> Append(const wal::Options& options, size_t outstanding, double seconds) {
  absl::StatusOr<std::unique_ptr<wal::Writer>> writer = NewWriter(options);
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

// Appends without waiting for anything: what the processor and, through the window, the disk allow.
absl::StatusOr<Samples> Flood(const std::string& folder, double seconds) {
  absl::StatusOr<std::unique_ptr<wal::Writer>> writer =
      NewWriter({.directory = folder, .create = true, .durability = wal::Durability::kOs});
  if (!writer.ok()) return writer.status();
  constexpr std::array<std::byte, kPayloadBytes> kPayload{};
  const std::array<wal::NewRecord, 1> group{{{.type = 1, .payload = kPayload}}};
  const int64_t begin = NowNanos();
  const int64_t end = begin + static_cast<int64_t>(seconds * 1e9);
  while (NowNanos() < end) {
    for (int i = 0; i < 64; ++i) {
      if (absl::Status status = (*writer)->Append(group, 0).status(); !status.ok()) return status;
    }
    if (absl::Status polled = (*writer)->Poll(absl::ZeroDuration()); !polled.ok()) return polled;
  }
  if (absl::Status closed = (*writer)->Close(); !closed.ok()) return closed;
  const auto took = static_cast<double>(NowNanos() - begin) / 1e9;
  return Samples{{"rate", static_cast<double>((*writer)->next_seq() - 1) / took, "1/s"}};
}

// One thread that appends and waits, again and again.
void AppendAndSync(wal::Log* log, int64_t end, Latencies* latencies, absl::Status* status) {
  const std::string payload(kPayloadBytes, 'p');
  for (int64_t now = NowNanos(); now < end && status->ok();) {
    const absl::StatusOr<uint64_t> seq = log->Append(payload);
    *status = seq.ok() ? log->Sync(*seq) : seq.status();
    const int64_t done = NowNanos();
    latencies->Add(done - now);
    now = done;
  }
}

// `threads` of them on one log.
absl::StatusOr<Samples> Threads(const std::string& folder, size_t threads, double seconds) {
  absl::StatusOr<std::unique_ptr<wal::Log>> log =
      wal::Log::Open({.directory = folder, .create = true});
  if (!log.ok()) return log.status();
  std::vector<Latencies> latencies(threads);
  std::vector<absl::Status> statuses(threads);
  std::vector<std::thread> running;
  const int64_t begin = NowNanos();
  const int64_t end = begin + static_cast<int64_t>(seconds * 1e9);
  for (size_t i = 0; i < threads; ++i) {
    running.emplace_back(AppendAndSync, log->get(), end, &latencies[i], &statuses[i]);
  }
  for (std::thread& thread : running) thread.join();
  const int64_t took = NowNanos() - begin;
  for (size_t i = 0; i < threads; ++i) {
    if (!statuses[i].ok()) return statuses[i];
    if (i > 0) latencies[0].Merge(latencies[i]);
  }
  return latencies[0].Describe(took);
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  using stet::bench::Append;
  stet::bench::Harness harness("append", argc, argv);
  const double seconds = harness.settings().seconds;
  harness.Add("raw_overwrite_4k", [&] {
    return stet::bench::RawDurableOverwrites(harness.NewFolder(), 4096, seconds);
  });
  // 64 records of 100 bytes are a batch of this size: 64 times this rate is the most that one batch in flight can do.
  harness.Add("raw_overwrite_12k", [&] {
    return stet::bench::RawDurableOverwrites(harness.NewFolder(), 12288, seconds);
  });
  for (const size_t outstanding : {size_t{1}, size_t{8}, size_t{64}, size_t{512}}) {
    harness.Add(fmt::format("append_100B_{}", outstanding), [&harness, seconds, outstanding] {
      return Append({.directory = harness.NewFolder(), .create = true}, outstanding, seconds);
    });
    harness.Add(fmt::format("append_100B_{}_posix", outstanding), [&harness, seconds, outstanding] {
      return Append(
          {.directory = harness.NewFolder(), .create = true, .backend = stet::wal::Backend::kPosix},
          outstanding, seconds);
    });
  }
  harness.Add("flood_100B_os", [&] { return stet::bench::Flood(harness.NewFolder(), seconds); });
  harness.Add("log_100B_64_threads", [&harness, seconds] {
    return stet::bench::Threads(harness.NewFolder(), 64, seconds);
  });
  return harness.Run();
}
