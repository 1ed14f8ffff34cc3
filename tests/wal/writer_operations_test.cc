// Tests of the ways in which batches become durable, and of how many are under way at once.
#include <algorithm>
#include <cstdint>
#include <queue>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "stet/wal/writer.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"
#include "wal/flight_control.h"

namespace stet::wal {
namespace {

constexpr Operation kOperations[] = {Operation::kDurableWrite, Operation::kWriteThenFlush,
                                     Operation::kLinkedFlush};

// A disk that serves `channels` writes at once, each in 100 us, and callers who keep `outstanding`
// batches between append and release.
class BusyDisk {
 public:
  explicit BusyDisk(uint32_t channels) : channels_(channels) {}

  // Batches per millisecond in the last tenth of the run.
  double Run(FlightControl* control, int batches, size_t outstanding = 1000) {
    int64_t tail_begin = 0;
    for (int done = 0; done < batches; ++done) {
      while (flying_.size() < std::min<size_t>(control->limit(), outstanding)) Submit();
      control->NoteFlying(static_cast<uint32_t>(flying_.size()), flying_.size() < outstanding);
      const Flight next = flying_.top();
      flying_.pop();
      now_ = next.end;
      if (done == batches - batches / 10) tail_begin = now_;
      control->Completed(4096, next.begin, now_);
    }
    return batches / 10 / (static_cast<double>(now_ - tail_begin) / 1e6);
  }

 private:
  struct Flight {
    int64_t begin = 0;
    int64_t end = 0;
    bool operator<(const Flight& other) const { return end > other.end; }
  };

  void Submit() {
    if (free_at_.size() < channels_) free_at_.resize(channels_);
    const auto free = std::min_element(free_at_.begin(), free_at_.end());
    *free = std::max(*free, now_) + 100'000;
    flying_.push({.begin = now_, .end = *free});
  }

  const uint32_t channels_;
  int64_t now_ = 0;
  std::vector<int64_t> free_at_;
  std::priority_queue<Flight> flying_;
};

TEST_SUITE("wal::FlightControl") {
  TEST_CASE("depth rises to what the disk serves at once, and not beyond what is allowed") {
    FlightControl many(1, 16);
    CHECK(BusyDisk(16).Run(&many, 4000) > 120);
    CHECK_EQ(many.limit(), 16);
    FlightControl few(1, 4);
    BusyDisk(16).Run(&few, 4000);
    CHECK_EQ(few.limit(), 4);
  }

  TEST_CASE("a disk that serves one after the other is given one") {
    FlightControl control(1, 16);
    CHECK(BusyDisk(1).Run(&control, 4000) > 9.5);
    CHECK_EQ(control.limit(), 1);
  }

  TEST_CASE("callers who fill the depth and no more keep it, though nothing waits") {
    for (const size_t outstanding : {2U, 3U, 4U, 8U, 12U, 16U}) {
      CAPTURE(outstanding);
      FlightControl control(1, 16);
      CHECK(BusyDisk(16).Run(&control, 8000, outstanding) > 9.0 * static_cast<double>(outstanding));
      CHECK(control.limit() >= outstanding);
    }
  }

  TEST_CASE("without a queue there is nothing to gain, and depth falls back to one") {
    FlightControl control(1, 16);
    BusyDisk(16).Run(&control, 4000);
    REQUIRE(control.limit() > 1);
    control.NoteFlying(1, false);
    for (int i = 0; i < 300; ++i) control.Completed(4096, i, i + 1);
    CHECK_EQ(control.limit(), 1);
  }
}

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

  TEST_CASE("a depth that is given is used from the first batch on, and kept") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    options.batch_bytes_max = 4096;
    options.batches_in_flight_min = options.batches_in_flight_max = 3;
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    for (int i = 0; i < 5; ++i) REQUIRE(AppendText(writer->get(), {std::string(2500, 'd')}).ok());
    REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
    CHECK_EQ((*writer)->stats().batches_in_flight_peak, 3);
    Load(writer->get(), 500, 4);
    CHECK_EQ((*writer)->stats().batches_in_flight, 3);
    CHECK_EQ((*writer)->stats().batches_in_flight_peak, 3);
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
}  // namespace stet::wal
