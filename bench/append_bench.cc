// Durable appends of 100 B by number outstanding: the writer beside a bare io_uring loop, and one append beside one raw
// durable overwrite.
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "bench/bare_log.h"
#include "bench/costs.h"
#include "bench/harness.h"
#include "bench/producer.h"
#include "bench/raw_disk.h"

namespace stet::bench {
namespace {

// Twice what the disk was seen to take.
uint64_t PoolOf(size_t outstanding, double seconds) {
  return PoolBytes(outstanding <= 64 ? 150 : outstanding <= 512 ? 800 : 2500, seconds);
}

// The same number outstanding: a bare loop, and the writer on io_uring within a pool of the same size.
void AddPair(Harness* harness, Costs* costs, size_t outstanding) {
  const double seconds = harness->settings().seconds;
  const uint64_t pool = PoolOf(outstanding, seconds);
  const std::string bare = fmt::format("bare_loop_100B_{}", outstanding);
  const std::string writer = fmt::format("writer_100B_{}", outstanding);
  harness->Add(bare, [=] { return BareLog(harness->NewFolder(), outstanding, pool, seconds); });
  harness->Add(writer, [=] {
    return Produce({.options = PoolOptions(harness->NewFolder(), pool),
                    .outstanding = outstanding,
                    .seconds = seconds,
                    .pool_bytes = pool},
                   costs);
  });
  const Target target = outstanding >= 64 ? Target{.at_least = 0.85} : Target{};
  harness->Ratio(fmt::format("writer_to_bare_loop_{}", outstanding), writer + ".rate",
                 bare + ".rate", target);
}

// Default options: rotates through segments that the helper fills with zeros meanwhile.
void AddSustained(Harness* harness, Costs* costs, size_t outstanding) {
  const double seconds = 3 * harness->settings().seconds;
  const std::string name = fmt::format("writer_100B_{}_sustained", outstanding);
  harness->Add(name, [=] {
    return Produce({.options = {.directory = harness->NewFolder(), .create = true},
                    .outstanding = outstanding,
                    .seconds = seconds},
                   costs);
  });
  harness->Ratio(fmt::format("sustained_to_pool_{}", outstanding), name + ".rate",
                 fmt::format("writer_100B_{}.rate", outstanding), {});
}

void AddPosix(Harness* harness, Costs* costs, size_t outstanding) {
  const double seconds = harness->settings().seconds;
  harness->Add(fmt::format("writer_100B_{}_posix", outstanding), [=] {
    const uint64_t pool = PoolOf(outstanding, seconds);
    wal::Options options = PoolOptions(harness->NewFolder(), pool);
    options.backend = wal::Backend::kPosix;
    return Produce(
        {.options = options, .outstanding = outstanding, .seconds = seconds, .pool_bytes = pool},
        costs);
  });
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  stet::bench::Harness harness("append", argc, argv);
  stet::bench::Costs costs(harness.settings().directory);
  const double seconds = harness.settings().seconds;
  harness.Add("raw_overwrite_4k", [&] {
    return stet::bench::RawDurableOverwrites(harness.NewFolder(), 4096, seconds);
  });
  for (const size_t outstanding : {1U, 8U, 64U, 512U, 4096U}) {
    stet::bench::AddPair(&harness, &costs, outstanding);
  }
  harness.Ratio("append_p50_to_raw_overwrite_p50", "writer_100B_1.p50", "raw_overwrite_4k.p50",
                {.at_most = 1.15});
  for (const size_t outstanding : {1U, 64U}) stet::bench::AddPosix(&harness, &costs, outstanding);
  // Slots and the disk's other programs are counted too.
  harness.Expect("writer_100B_1.flushes_per_batch", {.at_most = 1.02});
  harness.Expect("writer_100B_64.flushes_per_batch", {.at_most = 1.02});
  harness.Expect("writer_100B_64.write_punts", {.at_most = 5});
  for (const size_t outstanding : {64U, 512U, 4096U}) {
    stet::bench::AddSustained(&harness, &costs, outstanding);
  }
  return harness.Run();
}
