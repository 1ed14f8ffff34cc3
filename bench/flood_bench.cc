// Appends that nobody waits for: events of 100 B from one thread, and bandwidth at 64 KiB payloads beside the disk's own.
#include <cstdint>
#include <string>

#include "bench/costs.h"
#include "bench/harness.h"
#include "bench/producer.h"
#include "bench/raw_disk.h"

namespace stet::bench {
namespace {

constexpr double kPoolMegabytesPerSecond = 3000;  // more than the disk was seen to take

void AddFlood(Harness* harness, Costs* costs, const std::string& name, wal::Durability durability,
              size_t payload_bytes) {
  const double seconds = harness->settings().seconds;
  harness->Add(name, [=] {
    const uint64_t pool = PoolBytes(kPoolMegabytesPerSecond, seconds);
    wal::Options options = PoolOptions(harness->NewFolder(), pool);
    options.durability = durability;
    return Flood({.options = options,
                  .payload_bytes = payload_bytes,
                  .seconds = seconds,
                  .pool_bytes = pool},
                 costs);
  });
}

// Default segments, prepared meanwhile.
void AddSustained(Harness* harness, Costs* costs, const std::string& name, size_t payload_bytes) {
  const double seconds = 3 * harness->settings().seconds;
  harness->Add(name, [=] {
    return Flood({.options = {.directory = harness->NewFolder(),
                              .create = true,
                              .durability = wal::Durability::kOs},
                  .payload_bytes = payload_bytes,
                  .seconds = seconds},
                 costs);
  });
}

}  // namespace
}  // namespace stet::bench

int main(int argc, char** argv) {
  using stet::wal::Durability;
  stet::bench::Harness harness("flood", argc, argv);
  stet::bench::Costs costs(harness.settings().directory);
  const double seconds = harness.settings().seconds;
  // The limit: large direct writes, four in flight, not flushed.
  harness.Add("raw_sequential_1m", [&] {
    return stet::bench::RawLoad(harness.NewFolder(), stet::walbench::Interface::kUring,
                                {.method = stet::walbench::Method::kWrite,
                                 .block_bytes = 1 << 20,
                                 .in_flight = 4,
                                 .seconds = seconds});
  });
  constexpr size_t kEvent = 100;
  constexpr size_t kLarge = 64 << 10;
  stet::bench::AddFlood(&harness, &costs, "flood_100B_os", Durability::kOs, kEvent);
  stet::bench::AddFlood(&harness, &costs, "flood_100B_interval", Durability::kInterval, kEvent);
  stet::bench::AddFlood(&harness, &costs, "flood_64K_os", Durability::kOs, kLarge);
  stet::bench::AddFlood(&harness, &costs, "flood_64K_interval", Durability::kInterval, kLarge);
  stet::bench::AddSustained(&harness, &costs, "flood_100B_sustained", kEvent);
  stet::bench::AddSustained(&harness, &costs, "flood_64K_sustained", kLarge);
  harness.Expect("flood_100B_os.rate", {.at_least = 3e6});
  harness.Expect("flood_100B_interval.rate", {.at_least = 3e6});
  harness.Ratio("interval_64K_to_disk", "flood_64K_interval.bandwidth",
                "raw_sequential_1m.bandwidth", {.at_least = 0.8});
  harness.Ratio("os_64K_to_disk", "flood_64K_os.bandwidth", "raw_sequential_1m.bandwidth",
                {.at_least = 0.8});
  return harness.Run();
}
