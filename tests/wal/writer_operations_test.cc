// Tests of the ways in which batches become durable, and of how many are under way at once.
#include <algorithm>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "stet/wal/writer.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"

namespace stet::wal::writer_operations_test {
namespace {

constexpr Operation kOperations[] = {Operation::kDurableWrite, Operation::kWriteThenFlush,
                                     Operation::kLinkedFlush};

// Keeps `outstanding` records of a batch each between append and release.
void Load(Writer* writer, uint64_t records, uint64_t outstanding) {
  while (writer->released() < records) {
    while (writer->next_seq() <= records &&
           writer->next_seq() <= writer->released() + outstanding) {
      REQUIRE(AppendText(writer, {std::string(3000, 'o')}).ok());
    }
    REQUIRE(writer->Poll(absl::Milliseconds(1)).ok());
  }
}

TEST_SUITE("wal::Writer operations") {
  TEST_CASE("every operation makes durable what it releases, in order, at any depth") {
    for (const Operation operation : kOperations) {
      for (const SimOrder order :
           {SimOrder::kFifo, SimOrder::kLifo, SimOrder::kRandom, SimOrder::kTimed}) {
        CAPTURE(ToString(operation));
        CAPTURE(static_cast<int>(order));
        SimStorage storage;
        storage.order = order;
        Options options = SimOptions(&storage);
        options.operation = operation;
        options.batch_bytes_max = 4096;
        auto writer = OpenWriter(options);
        REQUIRE(writer.ok());
        for (uint64_t target = 40; target <= 400; target += 40) {
          Load(writer->get(), target, 24);
          Options reopened = options;
          SimStorage after(storage.Crash(CrashPolicy::kLoseAll));
          reopened.storage = &after;
          const auto log = Recover(reopened);
          REQUIRE_MESSAGE(log.ok(), log.status().ToString());
          CHECK(log->last_seq() >= target);
        }
        CHECK_EQ((*writer)->stats().operation, operation);
        CHECK_EQ(storage.misuse(), "");
        REQUIRE((*writer)->Close().ok());
      }
    }
  }

  TEST_CASE(
      "depth rises while batches wait for others, and one flush serves all that are written") {
    SimStorage storage;
    storage.order = SimOrder::kTimed;
    Options options = SimOptions(&storage);
    options.operation = Operation::kWriteThenFlush;
    options.batch_bytes_max = 4096;
    options.batches_in_flight_max = 8;
    options.first_segment_bytes = options.segment_bytes = 16 << 20;  // nothing rotates
    options.inflight_bytes_max = 4 << 20;
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    Load(writer->get(), 2000, 32);
    const WriterStats stats = (*writer)->stats();
    CHECK(stats.batches_in_flight_peak == 8);
    CHECK(stats.flushes * 3 < stats.batches);
    CHECK_EQ(storage.misuse(), "");
  }

  TEST_CASE("a batch that takes no more flies at once, however many fly before it") {
    for (const Operation operation : kOperations) {
      for (const uint32_t count : {1U, 2U, 3U, 8U, 16U, 24U}) {
        CAPTURE(ToString(operation));
        CAPTURE(count);
        SimStorage storage;
        Options options = SimOptions(&storage);
        options.operation = operation;
        options.batch_bytes_max = 4096;
        options.first_segment_bytes = options.segment_bytes = 4 << 20;  // nothing rotates
        auto writer = OpenWriter(options);
        REQUIRE(writer.ok());
        for (uint32_t i = 0; i < count; ++i) {
          REQUIRE(AppendText(writer->get(), {std::string(2500, 'd')}).ok());
        }
        REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
        CHECK_EQ((*writer)->stats().batches, std::min(count, options.batches_in_flight_max));
        Load(writer->get(), 500, count);
        CHECK_EQ((*writer)->stats().batches, 500);
        CHECK_EQ((*writer)->stats().batches_in_flight_peak,
                 std::min(count, options.batches_in_flight_max));
      }
    }
  }

  TEST_CASE("what still takes more gathers while a batch flies, and goes as one") {
    for (const Operation operation : kOperations) {
      CAPTURE(ToString(operation));
      SimStorage storage;
      Options options = SimOptions(&storage);
      options.operation = operation;
      auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      for (int i = 0; i < 60; ++i) {
        REQUIRE(AppendText(writer->get(), {std::string(100, 'g')}).ok());
        REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
      }
      CHECK_EQ((*writer)->stats().batches, 1);
      while ((*writer)->released() < 60) REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
      CHECK_EQ((*writer)->stats().batches, 2);
    }
  }

  TEST_CASE("a large batch that still takes more follows others, but only so many") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    options.batch_bytes_max = 256 << 10;
    options.first_segment_bytes = options.segment_bytes = 4 << 20;
    options.batches_in_flight_min = 2;
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    for (uint64_t batches = 1; batches <= 3; ++batches) {
      for (int i = 0; i < 70; ++i) {
        REQUIRE(AppendText(writer->get(), {std::string(1000, 'f')}).ok());
      }
      REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
      CHECK_EQ((*writer)->stats().batches, std::min<uint64_t>(batches, 2));
    }
    while ((*writer)->released() < 210) REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
    CHECK_EQ((*writer)->stats().batches, 3);
  }

  TEST_CASE("one batch at a time while nothing has to wait") {
    for (const Operation operation : kOperations) {
      SimStorage storage;
      storage.order = SimOrder::kTimed;
      Options options = SimOptions(&storage);
      options.operation = operation;
      auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      Load(writer->get(), 500, 4);
      CHECK_EQ((*writer)->stats().batches_in_flight_peak, 1);
    }
  }

  TEST_CASE(
      "a short write at any place is completed and flushed for itself, whatever the operation") {
    for (const Operation operation : kOperations) {
      for (uint64_t nth = 1; nth <= 12; ++nth) {
        CAPTURE(ToString(operation));
        CAPTURE(nth);
        SimStorage storage;
        storage.faults.short_write = nth;
        Options options = SimOptions(&storage);
        options.operation = operation;
        auto writer = OpenWriter(options);
        REQUIRE(writer.ok());
        for (uint64_t seq = 1; seq <= 10; ++seq) {
          REQUIRE(AppendText(writer->get(), {std::string(9000, 's')}).ok());
          while ((*writer)->released() < seq) REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
          Options reopened = options;
          SimStorage after(storage.Crash(CrashPolicy::kLoseAll));
          reopened.storage = &after;
          const auto log = Recover(reopened);
          REQUIRE_MESSAGE(log.ok(), log.status().ToString());
          CHECK_EQ(log->last_seq(), seq);
        }
        CHECK_EQ((*writer)->stats().short_writes, nth <= 10 ? 1 : 0);
      }
    }
  }
}

}  // namespace
}  // namespace stet::wal::writer_operations_test
