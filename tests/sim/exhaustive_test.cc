// Small cases in full: every order in which writes complete, every subset of the sectors that a power cut may leave, the power gone at
// every call.
//
// STET_SIM_DEPTH=2, 3, ... looks at larger cases; 1 is what fits in a moment.  Under sanitizers every
// seventh order and call is looked at.
#include <malloc.h>
#include <stdlib.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/base/stride.h"
#include "tests/sim/history.h"
#include "tests/sim/image_map.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"

namespace stet::wal {
namespace {

uint64_t Depth() {
  // Thousands of logs are opened, each with buffers that malloc would map anew.
  static const bool kept =
      ::mallopt(M_MMAP_THRESHOLD, 32 << 20) == 1 && ::mallopt(M_TRIM_THRESHOLD, 1 << 30) == 1;
  const char* given = ::getenv("STET_SIM_DEPTH");  // NOLINT(concurrency-mt-unsafe)
  return given != nullptr && kept ? std::stoull(given) : 1;
}

// Mostly zeros, so that few sectors differ from an empty segment: a batch's header, and what stands at its end.
std::string Sparse(uint64_t id) {
  const std::string text = std::to_string(id);
  return text + std::string(2200 + id * 37 % 300, '\0') + (id % 3 == 0 ? "" : text);
}

// All of it counts, also zeros among the rest.
std::string Dense(uint64_t id) {
  std::string text(2000, static_cast<char>('a' + id % 26));
  if (id % 2 == 0) text.replace(600, 700, 700, '\0');
  return std::to_string(id) + text;
}

// A group does not fit behind another: each is a batch, of one block.
Options BlockBatches(SimStorage* storage, Durability durability) {
  Options options = SimOptions(storage);
  options.durability = durability;
  options.batch_bytes_max = 4096;
  options.batches_in_flight_min = options.batches_in_flight_max = 8;
  options.segment_bytes = 64 << 10;
  return options;
}

// Opens what a crash left: never refused, at least `at_least` records, exactly those that stand there.
void CheckOpens(const SimDisk& image, const History& history, Options options, uint64_t at_least) {
  SimStorage storage(image);
  storage.keep_history = false;
  options.storage = &storage;
  const auto log = Recover(options);
  REQUIRE_MESSAGE(log.ok(), log.status().ToString());
  const absl::Status kept = history.CheckRecovered(*log, at_least);
  REQUIRE_MESSAGE(kept.ok(), kept.ToString());
  REQUIRE_EQ(log->last_seq(), MapImage(image, options.directory).last_seq);
}

struct Combinations {
  uint64_t tried = 0;
  uint64_t cut_off = 0;  // cases that have more than were tried
};

// Every combination of what the power cut may leave; of more than `most` the first, and as many at random.
void CheckEveryCrash(const SimDisk& disk, const History& history, const Options& options,
                     uint64_t at_least, uint64_t most, Combinations* combinations) {
  EveryChooser every;
  uint64_t tried = 0;
  bool more = true;
  for (; more && tried < most; ++tried) {
    CAPTURE(tried);
    CheckOpens(disk.Crash(every), history, options, at_least);
    more = every.Next();
  }
  combinations->tried += tried;
  if (!more) return;
  ++combinations->cut_off;
  std::mt19937_64 random(tried);
  for (uint64_t i = 0; i < most; ++i) {
    RandomChooser chooser(&random);
    CheckOpens(disk.Crash(chooser), history, options, at_least);
    ++combinations->tried;
  }
}

// All beginnings of all orders of `count` completions, as places among those still in flight; every
// kStride-th of them.
std::vector<std::vector<size_t>> OrdersOf(size_t count) {
  std::vector<std::vector<size_t>> orders = {{}};
  for (size_t i = 0; i < orders.size(); ++i) {
    for (size_t next = 0; next + orders[i].size() < count; ++next) {
      orders.push_back(orders[i]);
      orders.back().push_back(next);
    }
  }
  std::vector<std::vector<size_t>> taken;
  for (size_t i = 0; i < orders.size(); i += kStride) taken.push_back(orders[i]);
  return taken;
}

struct Mode {
  Durability durability;
  Operation operation;
};

constexpr Mode kModes[] = {{Durability::kCommit, Operation::kDurableWrite},
                           {Durability::kCommit, Operation::kWriteThenFlush},
                           {Durability::kCommit, Operation::kLinkedFlush},
                           {Durability::kOs, Operation::kDurableWrite}};

// `groups` groups are on their way or wait for it; the batches in flight complete in this order so far.
void CheckOrder(const std::vector<size_t>& order, int groups, const Mode& mode, History history,
                Combinations* combinations) {
  INFO(ToString(mode.durability), ", ", ToString(mode.operation),
       ", completed: ", fmt::format("{}", fmt::join(order, " ")));
  const Durability durability = mode.durability;
  SimStorage storage;
  Options options = BlockBatches(&storage, durability);
  options.operation = mode.operation;
  options.batches_in_flight_min = options.batches_in_flight_max = static_cast<uint32_t>(groups - 1);
  const auto writer = OpenWriter(options);
  REQUIRE(writer.ok());
  REQUIRE(history.Observe(**writer, durability).ok());
  for (int i = 0; i < groups; ++i) REQUIRE(history.Append(writer->get(), 1).ok());
  // The last one waits until one of the others is through.
  REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
  REQUIRE_EQ((*writer)->stats().batches, groups - 1);
  storage.script = order;
  for (size_t i = 0; i < order.size(); ++i) {
    REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
    REQUIRE(history.Observe(**writer, durability).ok());
  }
  CheckEveryCrash(storage.disk(), history, options, history.promises().power, uint64_t{1} << 16,
                  combinations);
}

// Opens, appends 15 groups with a rotation on the way, closes; ends at the first error.  Returns how
// often it rotated.
uint64_t Live(SimStorage* storage, Options options, History* history) {
  options.storage = storage;
  auto log = Recover(options);
  if (!log.ok()) return 0;
  history->Settle(log->last_seq());
  const auto writer = Writer::Start(*std::move(log), options);
  if (!writer.ok()) return 0;
  bool good = history->Observe(**writer, options.durability).ok();
  for (int i = 0; i < 15 && good; ++i) {
    good = history->Append(writer->get(), 1).ok() &&
           (*writer)->Poll(absl::Milliseconds(i % 3 * 10)).ok();
    REQUIRE(history->Observe(**writer, options.durability).ok());
  }
  if (good) {
    const absl::Status closed = (*writer)->Close();
    CHECK_MESSAGE((closed.ok() || storage->dead() || storage->errors() > 0), closed.ToString());
  }
  REQUIRE(history->Observe(**writer, options.durability).ok());
  return (*writer)->stats().rotations;
}

}  // namespace

TEST_SUITE("sim exhaustive") {
  TEST_CASE("batches in flight: every order of completion, every subset of sectors") {
    const uint64_t depth = Depth();
    Combinations combinations;
    const auto in_flight = static_cast<int>(2 + depth);
    for (const Mode& mode : kModes) {
      for (const std::vector<size_t>& order : OrdersOf(2 + depth)) {
        CheckOrder(order, in_flight + 1, mode, History(Sparse), &combinations);
      }
      for (const std::vector<size_t>& order : OrdersOf(2)) {
        CheckOrder(order, 3, mode, History(Dense), &combinations);
      }
    }
    MESSAGE(combinations.tried, " combinations");
    CHECK_EQ(combinations.cut_off, 0);
    CHECK_GT(combinations.tried, 1000 / kStride);
  }

  TEST_CASE("the power goes at each call of creation, activation, rotation and closing") {
    Combinations combinations;
    for (const Durability durability :
         {Durability::kOs, Durability::kInterval, Durability::kCommit, Durability::kWitness}) {
      for (uint64_t call = 1, last = 1; call <= last; call += kStride) {
        CAPTURE(call);
        SimStorage storage;
        storage.faults.die_at_call = call;
        const Options options = BlockBatches(&storage, durability);
        History history(Sparse);
        const uint64_t rotations = Live(&storage, options, &history);
        if (storage.dead()) last = call + kStride;
        if (!storage.dead()) CHECK_EQ(rotations, 1);
        CheckEveryCrash(storage.disk(), history, options, history.promises().power, 1024 * Depth(),
                        &combinations);
      }
    }
    MESSAGE(combinations.tried, " combinations, not all of ", combinations.cut_off, " calls");
    CHECK_GT(combinations.tried, 1000 / kStride);
  }

  TEST_CASE("the power goes again at each call of the opening behind a crash") {
    Combinations combinations;
    for (uint64_t first = 12; first <= 60; first += 49 / (6 * Depth())) {
      SimStorage before;
      before.faults.die_at_call = first;
      const Options options = BlockBatches(&before, Durability::kCommit);
      History history(Sparse);
      Live(&before, options, &history);
      std::mt19937_64 random(first);
      RandomChooser chooser(&random);
      const SimDisk left = before.disk().Crash(chooser);
      const uint64_t promised = history.promises().power;
      for (uint64_t call = 1, last = 1; call <= last; call += kStride) {
        CAPTURE(first);
        CAPTURE(call);
        SimStorage storage(left);
        storage.faults.die_at_call = call;
        History then = history;
        Live(&storage, options, &then);
        if (storage.dead()) last = call + kStride;
        CheckEveryCrash(storage.disk(), then, options, std::max(promised, then.promises().power),
                        64 * Depth(), &combinations);
      }
    }
    MESSAGE(combinations.tried, " combinations, not all of ", combinations.cut_off, " calls");
    CHECK_GT(combinations.tried, 200 / kStride);
  }

  TEST_CASE("each call fails, however a failed flush leaves the cache, and then the power goes") {
    Combinations combinations;
    for (const FlushFailure failure : {FlushFailure::kStillDirty, FlushFailure::kKeptInCache,
                                       FlushFailure::kReverted, FlushFailure::kCacheLost}) {
      for (uint64_t call = 1, last = 1; call <= last; call += kStride) {
        CAPTURE(call);
        SimStorage storage;
        storage.faults.fail_call = call;
        storage.faults.fail_errno = EIO;
        storage.faults.flush_failure = failure;
        const Options options = BlockBatches(&storage, Durability::kCommit);
        History history(Sparse);
        Live(&storage, options, &history);
        if (storage.errors() > 0) last = call + kStride;
        CheckEveryCrash(storage.disk(), history, options, history.promises().power, 256 * Depth(),
                        &combinations);
      }
    }
    MESSAGE(combinations.tried, " combinations, not all of ", combinations.cut_off, " calls");
    CHECK_GT(combinations.tried, 100 / kStride);
  }
}

}  // namespace stet::wal
