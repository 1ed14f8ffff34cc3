// Durable batches of 4 KiB by number in flight: the writer beside fio and a raw loop with the same kind of sync.
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "bench/costs.h"
#include "bench/fio.h"
#include "bench/harness.h"
#include "bench/producer.h"
#include "bench/raw_disk.h"

namespace stet::bench {
namespace {

constexpr uint32_t kBatchBytes = 4096;
// What a batch header and a record header leave of a block.
constexpr size_t kPayloadBytes = kBatchBytes - 128 - 32;
constexpr double kPoolMegabytesPerSecond = 500;  // more than the disk was seen to take

// A batch holds one record, and `in_flight` of them are between append and release.
void AddWriter(Harness* harness, Costs* costs, const std::string& name, wal::Operation operation,
               uint32_t in_flight) {
  const double seconds = harness->settings().seconds;
  harness->Add(name, [=] {
    const uint64_t pool = PoolBytes(kPoolMegabytesPerSecond, seconds);
    wal::Options options = PoolOptions(harness->NewFolder(), pool);
    options.batch_bytes_max = kBatchBytes;
    options.operation = operation;
    return Produce({.options = options,
                    .outstanding = in_flight,
                    .payload_bytes = kPayloadBytes,
                    .seconds = seconds,
                    .pool_bytes = pool},
                   costs);
  });
}

void AddRaw(Harness* harness, const std::string& name, walbench::Method method,
            uint32_t in_flight) {
  const double seconds = harness->settings().seconds;
  harness->Add(name, [=] {
    return RawLoad(
        harness->NewFolder(), walbench::Interface::kUring,
        {.method = method, .block_bytes = kBatchBytes, .in_flight = in_flight, .seconds = seconds});
  });
}

// One kind of sync: fio, a raw loop and the writer, and what the writer has to reach.
void AddKind(Harness* harness, Costs* costs, const std::string& kind, FioSync sync,
             walbench::Method method, wal::Operation operation, uint32_t in_flight) {
  const double seconds = harness->settings().seconds;
  const auto name = [&](const char* who) { return fmt::format("{}_{}_{}", who, kind, in_flight); };
  harness->Add(name("fio"),
               [=] { return Fio(harness->NewFolder(), sync, kBatchBytes, in_flight, seconds); });
  AddRaw(harness, name("raw"), method, in_flight);
  AddWriter(harness, costs, name("writer"), operation, in_flight);
  if (operation == wal::Operation::kDurableWrite) {
    harness->Expect(name("writer") + ".write_punts", {.at_most = 5});
  }
  harness->Ratio(name("writer_to_fio"), name("writer") + ".rate", name("fio") + ".rate",
                 {.at_least = 0.9});
  // fio counts a write that is flushed later as done when it is written.
  if (sync == FioSync::kFlushAfterBatch) return;
  harness->Ratio(name("writer_p99_to_fio"), name("writer") + ".p99", name("fio") + ".p99",
                 {.at_most = 1.3});
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  using stet::bench::FioSync;
  using stet::wal::Operation;
  using stet::walbench::Method;
  stet::bench::Harness harness("depth", argc, argv);
  stet::bench::Costs costs(harness.settings().directory);
  for (const uint32_t in_flight : {1U, 2U, 4U, 8U, 16U}) {
    stet::bench::AddKind(&harness, &costs, "dsync", FioSync::kDurableWrite, Method::kDurableWrite,
                         Operation::kDurableWrite, in_flight);
    stet::bench::AddWriter(&harness, &costs, fmt::format("writer_auto_{}", in_flight),
                           Operation::kAuto, in_flight);
  }
  for (const uint32_t in_flight : {4U, 16U}) {
    stet::bench::AddKind(&harness, &costs, "flush", FioSync::kFlushAfterBatch,
                         Method::kWritesThenFlush, Operation::kWriteThenFlush, in_flight);
  }
  return harness.Run();
}
