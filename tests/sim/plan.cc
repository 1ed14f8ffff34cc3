// Draws plans.
#include "tests/sim/plan.h"

#include <errno.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace stet::wal {
namespace {

template <typename T, size_t kCount>
T OneOf(std::mt19937_64* random, const std::array<T, kCount>& values) {
  return values[(*random)() % kCount];
}

bool OneIn(std::mt19937_64* random, uint64_t n) { return (*random)() % n == 0; }

}  // namespace

SwarmPlan DrawPlan(uint64_t seed) {
  std::mt19937_64 random(seed);
  SwarmPlan plan;
  Options& options = plan.options;
  options = {.directory = "/log", .create = true, .helper_thread = false};
  options.durability =
      OneOf(&random, std::array{Durability::kCommit, Durability::kCommit, Durability::kWitness,
                                Durability::kInterval, Durability::kOs, Durability::kMemory});
  options.operation = OneOf(
      &random,
      std::array{Operation::kDurableWrite, Operation::kWriteThenFlush, Operation::kLinkedFlush});
  options.batches_in_flight_min = OneOf<uint32_t>(&random, std::array<uint32_t, 3>{1, 3, 8});
  options.flush_interval = OneOf(
      &random, std::array{absl::ZeroDuration(), absl::Milliseconds(1), absl::Milliseconds(10)});
  options.flush_bytes = OneOf<uint64_t>(&random, std::array<uint64_t, 3>{0, 16, 1024}) << 10;
  plan.strengthens = OneIn(&random, 3);
  options.segment_bytes = OneOf<uint64_t>(&random, std::array<uint64_t, 4>{64, 128, 256, 512})
                          << 10;
  options.first_segment_bytes = std::min(
      options.segment_bytes, OneOf<uint64_t>(&random, std::array<uint64_t, 2>{64, 128}) << 10);
  options.batch_bytes_max = OneOf<uint32_t>(&random, std::array<uint32_t, 4>{4, 8, 16, 64}) << 10;
  options.inflight_bytes_max = static_cast<uint32_t>(
      options.segment_bytes / 4 * OneOf<uint64_t>(&random, std::array<uint64_t, 3>{1, 2, 8}));
  options.idle_watermark = OneOf(
      &random, std::array{absl::Milliseconds(5), absl::Milliseconds(1), absl::InfiniteDuration()});
  plan.payload_bytes_max = OneOf<uint64_t>(&random, std::array<uint64_t, 4>{60, 600, 3000, 12000});
  plan.group_max = OneOf<uint64_t>(&random, std::array<uint64_t, 3>{1, 3, 10});
  plan.lives = 1 + static_cast<int>(random() % 6);
  if (OneIn(&random, 3)) plan.errors = 0.5;
  if (OneIn(&random, 5)) plan.full_disk = 0.4;
  if (OneIn(&random, 4)) plan.medium = 0.5;
  plan.short_writes = OneIn(&random, 3);
  plan.busy = OneIn(&random, 4);
  plan.clock_jumps = OneIn(&random, 4);
  plan.any_names = OneIn(&random, 3);
  plan.flush_failure =
      OneOf(&random, std::array{FlushFailure::kStillDirty, FlushFailure::kKeptInCache,
                                FlushFailure::kReverted, FlushFailure::kCacheLost});
  plan.retires = OneIn(&random, 2);
  if (plan.retires) {
    options.retired =
        OneOf(&random, std::array{Retired::kRecycle, Retired::kDelete, Retired::kArchive});
  }
  if (options.retired == Retired::kArchive) options.archive_directory = "/archive";
  return plan;
}

LifePlan DrawLife(const SwarmPlan& plan, std::mt19937_64* random_in) {
  std::mt19937_64& random = *random_in;
  const auto chance = [&](double rate) {
    return static_cast<double>(random() % 1000) < rate * 1000;
  };
  LifePlan life;
  life.ending = OneOf(
      &random, std::array{Ending::kClose, Ending::kKill, Ending::kPowerCut, Ending::kPowerCut});
  life.order = OneOf(
      &random, std::array{SimOrder::kFifo, SimOrder::kLifo, SimOrder::kRandom, SimOrder::kTimed});
  life.steps = static_cast<int>(random() % 80);
  SimFaults& faults = life.faults;
  faults.any_names = plan.any_names;
  faults.flush_failure = plan.flush_failure;
  // Early ones meet recovery and activation.
  const uint64_t calls_max = OneOf<uint64_t>(&random, std::array<uint64_t, 3>{12, 40, 200});
  if (life.ending == Ending::kPowerCut) faults.die_at_call = 1 + random() % calls_max;
  if (plan.short_writes) faults.short_rate = 0.1;
  if (plan.busy) faults.busy_rate = 0.05;
  if (plan.clock_jumps) faults.clock_jump = 0.02;
  if (chance(plan.errors)) {
    const uint64_t which = random() % 5;
    if (which == 0) faults.write_error = 0.02;
    if (which == 1) faults.flush_error = 0.05;
    if (which == 2) faults.name_error = 0.05;
    if (which == 3) faults.read_error = 0.02;
    if (which == 4) {
      faults.fail_call = 1 + random() % calls_max;
      faults.fail_errno = EIO;
    }
  }
  return life;
}

std::string ToString(const SwarmPlan& plan) {
  constexpr std::array<const char*, 3> kRetired = {"by recycling", "by deleting", "by archiving"};
  const Options& options = plan.options;
  return fmt::format(
      "{} (flush {}, {} KiB{}), {}, at least {} in flight, segments {} KiB (first {}), batch {} "
      "KiB, window {} KiB, idle {}, payloads < {}, groups "
      "of {}, "
      "{} lives, errors {}, full {}, medium {}, short {}, busy {}, jumps {}, any names {}, failed "
      "flush {}, retires {}",
      ToString(options.durability), absl::FormatDuration(options.flush_interval),
      options.flush_bytes >> 10, plan.strengthens ? ", some ask for more" : "",
      ToString(options.operation), options.batches_in_flight_min, options.segment_bytes >> 10,
      options.first_segment_bytes >> 10, options.batch_bytes_max >> 10,
      options.inflight_bytes_max >> 10, absl::FormatDuration(options.idle_watermark),
      plan.payload_bytes_max, plan.group_max, plan.lives, plan.errors, plan.full_disk, plan.medium,
      plan.short_writes, plan.busy, plan.clock_jumps, plan.any_names,
      static_cast<int>(plan.flush_failure),
      plan.retires ? kRetired[static_cast<size_t>(options.retired)] : "nothing");
}

std::string ToString(const LifePlan& life) {
  constexpr std::array<const char*, 4> kOrders = {"fifo", "lifo", "random", "timed"};
  constexpr std::array<const char*, 3> kEndings = {"close", "kill", "power cut"};
  const SimFaults& faults = life.faults;
  return fmt::format(
      "{} steps, completions {}, then {} (call {}); fail call {}, write errors {}, flush {}, name "
      "{}, read {}; "
      "lost {}, misdirected {}, duplicated {}",
      life.steps, kOrders[static_cast<size_t>(life.order)],
      kEndings[static_cast<size_t>(life.ending)], faults.die_at_call, faults.fail_call,
      faults.write_error, faults.flush_error, faults.name_error, faults.read_error,
      faults.lose_write, faults.misdirect_write, faults.duplicate_write);
}

}  // namespace stet::wal
