// Tests of what each durability means: when something is released, flushed and witnessed.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "stet/wal/writer.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"

namespace stet::wal::writer_modes_test {
namespace {

Options ModeOptions(SimStorage* storage, Durability durability) {
  Options options = SimOptions(storage);
  options.durability = durability;
  options.first_segment_bytes = options.segment_bytes;  // little rotates
  options.idle_watermark = absl::InfiniteDuration();
  return options;
}

absl::StatusOr<uint64_t> AppendAtLeast(Writer* writer, std::string_view text, Durability at_least) {
  const NewRecord record{.type = 1, .payload = std::as_bytes(std::span(text))};
  return writer->Append({&record, 1}, 0, at_least);
}

// Polls for what is on its way, without letting much time pass.
void Settle(Writer* writer) {
  for (int i = 0; i < 6; ++i) REQUIRE(writer->Poll(absl::Nanoseconds(1)).ok());
}

TEST_SUITE("wal::Writer modes") {
  TEST_CASE("a durability is given as text") {
    Options options;
    REQUIRE(SetDurability("witness", &options).ok());
    CHECK_EQ(options.durability, Durability::kWitness);
    REQUIRE(SetDurability("interval:25ms,64KiB", &options).ok());
    CHECK_EQ(options.durability, Durability::kInterval);
    CHECK_EQ(options.flush_interval, absl::Milliseconds(25));
    CHECK_EQ(options.flush_bytes, 64 << 10);
    REQUIRE(SetDurability("interval:1s", &options).ok());
    CHECK_EQ(options.flush_interval, absl::Seconds(1));
    CHECK_EQ(options.flush_bytes, 64 << 10);
    for (const char* wrong : {"", "x", "interval:", "interval:-1ms", "interval:1ms,", "commit:1ms",
                              "interval:1ms,2", "interval:1ms,99999999999GiB"}) {
      const absl::Status refused = SetDurability(wrong, &options);
      CHECK(absl::IsInvalidArgument(refused));
      CHECK_MESSAGE(refused.message().find("interval:10ms,1MiB") != std::string::npos, wrong);
      CHECK_EQ(options.flush_interval, absl::Seconds(1));
    }
  }

  TEST_CASE("interval: released when written, and flushed when the oldest byte is old enough") {
    SimStorage storage;
    Options options = ModeOptions(&storage, Durability::kInterval);
    options.flush_interval = absl::Milliseconds(10);
    auto writer = OpenWriter(options);
    REQUIRE_MESSAGE(writer.ok(), writer.status().ToString());
    const uint64_t flushes = (*writer)->stats().flushes;
    REQUIRE(AppendText(writer->get(), {"a"}).ok());
    Settle(writer->get());
    CHECK_EQ((*writer)->released(), 1);
    CHECK_EQ((*writer)->watermarks().durable, 0);
    storage.Advance(9'000'000);
    REQUIRE(AppendText(writer->get(), {"b"}).ok());
    Settle(writer->get());
    CHECK_EQ((*writer)->released(), 2);
    CHECK_EQ((*writer)->watermarks().durable, 0);
    storage.Advance(1'000'000);
    Settle(writer->get());
    CHECK_EQ((*writer)->watermarks().durable, 2);
    CHECK_EQ((*writer)->stats().flushes, flushes + 1);
    CHECK_EQ((*writer)->stats().durable_writes, 0);
    // A poll that waits wakes up for the flush.
    REQUIRE(AppendText(writer->get(), {"c"}).ok());
    for (int i = 0; i < 4; ++i) REQUIRE((*writer)->Poll(absl::Seconds(60)).ok());
    CHECK_EQ((*writer)->watermarks().durable, 3);
  }

  TEST_CASE("interval: a flush that is due while a write is under way does not wait for it") {
    SimStorage storage;
    Options options = ModeOptions(&storage, Durability::kInterval);
    options.flush_interval = absl::Milliseconds(1);
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    REQUIRE(AppendText(writer->get(), {"a"}).ok());
    REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
    REQUIRE(AppendText(writer->get(), {std::string(5000, 'b')}).ok());
    REQUIRE((*writer)->Poll(absl::Nanoseconds(1)).ok());
    CHECK_EQ((*writer)->watermarks().written, 1);
    storage.Advance(2'000'000);
    REQUIRE((*writer)->Flush().ok());  // and does not turn in circles
    CHECK_EQ((*writer)->watermarks().durable, 2);
  }

  TEST_CASE("interval: so many bytes are flushed before the time is over") {
    SimStorage storage;
    Options options = ModeOptions(&storage, Durability::kInterval);
    options.flush_interval = absl::InfiniteDuration();
    options.flush_bytes = 32 << 10;
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    for (int i = 0; i < 7; ++i) {
      REQUIRE(AppendText(writer->get(), {std::string(3000, 'x')}).ok());
      Settle(writer->get());
    }
    CHECK_EQ((*writer)->watermarks().durable, 0);
    REQUIRE(AppendText(writer->get(), {std::string(3000, 'x')}).ok());
    Settle(writer->get());
    CHECK_EQ((*writer)->watermarks().durable, 8);
  }

  TEST_CASE("witness: a slot names what nothing follows, before it is released") {
    SimStorage storage;
    auto writer = OpenWriter(ModeOptions(&storage, Durability::kWitness));
    REQUIRE(writer.ok());
    for (uint64_t seq = 1; seq <= 3; ++seq) {
      REQUIRE(AppendText(writer->get(), {"a"}).ok());
      REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
      REQUIRE((*writer)->Poll(absl::Nanoseconds(1)).ok());
      CHECK_EQ((*writer)->watermarks().durable, seq);
      CHECK_EQ((*writer)->released(), seq - 1);
      REQUIRE((*writer)->Poll(absl::Nanoseconds(1)).ok());
      CHECK_EQ((*writer)->released(), seq);
      CHECK_EQ((*writer)->stats().watermark_slots, seq);
    }
  }

  TEST_CASE("witness: a batch that follows says it, and no slot is written") {
    SimStorage storage;
    auto writer = OpenWriter(ModeOptions(&storage, Durability::kWitness));
    REQUIRE(writer.ok());
    const auto append_slowly = [&] {
      storage.Advance(1'000'000);  // a caller so slow is not waited for
      REQUIRE(AppendText(writer->get(), {"b"}).ok());
    };
    for (int i = 0; i < 5; ++i) {
      append_slowly();
      REQUIRE((*writer)->Poll(absl::Nanoseconds(1)).ok());
    }
    REQUIRE((*writer)->Flush().ok());
    const uint64_t slots = (*writer)->stats().watermark_slots;
    append_slowly();
    REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
    for (uint64_t seq = 7; seq <= 15; ++seq) {
      append_slowly();
      REQUIRE((*writer)->Poll(absl::Nanoseconds(1)).ok());
      CHECK_EQ((*writer)->watermarks().durable, seq - 1);
      CHECK_EQ((*writer)->released(), seq - 2);
    }
    CHECK_EQ((*writer)->stats().watermark_slots, slots);
    REQUIRE((*writer)->Flush().ok());
    CHECK_EQ((*writer)->released(), 15);
    CHECK_EQ((*writer)->stats().watermark_slots, slots + 1);
  }

  TEST_CASE("witness: whatever happens to a batch that was released, open notices") {
    for (const Operation operation :
         {Operation::kDurableWrite, Operation::kWriteThenFlush, Operation::kLinkedFlush}) {
      SimStorage storage;
      Options options = ModeOptions(&storage, Durability::kWitness);
      options.operation = operation;
      auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      uint64_t place = 4 * 4096;
      for (uint64_t seq = 1; seq <= 5; ++seq) {
        CAPTURE(seq);
        REQUIRE(AppendText(writer->get(), {std::string(2000, 'w')}).ok());
        while ((*writer)->released() < seq) REQUIRE((*writer)->Poll(absl::Nanoseconds(1)).ok());
        // As if it had never reached the disk.
        SimStorage after(storage.Crash(CrashPolicy::kLoseAll));
        const std::vector<std::byte> zeros(4096);
        after.disk().names().at("/log/0000000000000001.wal")->Overwrite(place, zeros);
        Options reopened = options;
        reopened.storage = &after;
        CHECK(RefusalOf(Recover(reopened).status()) != Refusal::kNone);
        place += 4096;
      }
    }
  }

  TEST_CASE("a group can ask for more than its log gives, and later ones wait for it") {
    for (const Durability mode : {Durability::kMemory, Durability::kOs, Durability::kInterval}) {
      CAPTURE(ToString(mode));
      SimStorage storage;
      Options options = ModeOptions(&storage, mode);
      options.flush_interval = absl::InfiniteDuration();
      auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      REQUIRE(AppendText(writer->get(), {"a"}).ok());
      if (mode != Durability::kMemory) Settle(writer->get());
      CHECK_EQ((*writer)->released(), 1);
      CHECK_EQ((*writer)->watermarks().durable, 0);
      REQUIRE(AppendAtLeast(writer->get(), "b", Durability::kCommit).ok());
      REQUIRE(AppendText(writer->get(), {"c"}).ok());
      CHECK_EQ((*writer)->released(), 1);
      REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
      REQUIRE((*writer)->Poll(absl::Nanoseconds(1)).ok());
      CHECK_EQ((*writer)->watermarks().written, 3);
      CHECK_EQ((*writer)->released(), 1);
      Settle(writer->get());
      CHECK_EQ((*writer)->watermarks().durable, 3);
      CHECK_EQ((*writer)->released(), 3);
      REQUIRE(AppendText(writer->get(), {"d"}).ok());
      Settle(writer->get());
      CHECK_EQ((*writer)->released(), 4);
      CHECK_EQ((*writer)->watermarks().durable, 3);
    }
  }

  TEST_CASE("a group can ask to be witnessed, or to be flushed within the interval") {
    SimStorage storage;
    Options options = ModeOptions(&storage, Durability::kOs);
    options.flush_interval = absl::Milliseconds(10);
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    REQUIRE(AppendAtLeast(writer->get(), "a", Durability::kWitness).ok());
    Settle(writer->get());
    CHECK_EQ((*writer)->watermarks().witnessed, 1);
    CHECK_EQ((*writer)->released(), 1);
    REQUIRE(AppendAtLeast(writer->get(), "b", Durability::kInterval).ok());
    Settle(writer->get());
    CHECK_EQ((*writer)->released(), 2);
    CHECK_EQ((*writer)->watermarks().durable, 1);
    storage.Advance(10'000'000);
    Settle(writer->get());
    CHECK_EQ((*writer)->watermarks().durable, 2);
    REQUIRE(AppendText(writer->get(), {"c"}).ok());
    Settle(writer->get());
    storage.Advance(100'000'000);
    Settle(writer->get());
    CHECK_EQ((*writer)->watermarks().durable, 2);  // of its own accord it is not flushed
  }

  TEST_CASE("nothing is weakened by asking for less") {
    SimStorage storage;
    auto writer = OpenWriter(ModeOptions(&storage, Durability::kCommit));
    REQUIRE(writer.ok());
    REQUIRE(AppendAtLeast(writer->get(), "a", Durability::kMemory).ok());
    CHECK_EQ((*writer)->released(), 0);
    Settle(writer->get());
    CHECK_EQ((*writer)->released(), 1);
    CHECK_EQ((*writer)->watermarks().durable, 1);
  }

  TEST_CASE("in every mode no more is in flight than the window") {
    for (const Durability mode : {Durability::kMemory, Durability::kOs, Durability::kInterval,
                                  Durability::kCommit, Durability::kWitness}) {
      CAPTURE(ToString(mode));
      SimStorage storage;
      Options options = ModeOptions(&storage, mode);
      options.flush_interval = absl::InfiniteDuration();
      options.flush_bytes = UINT64_MAX;
      options.inflight_bytes_max = 64 << 10;
      auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      for (int i = 0; i < 60; ++i) {
        REQUIRE(AppendText(writer->get(), {std::string(5000, 'x')}).ok());
        const Watermarks marks = (*writer)->watermarks();
        CHECK((marks.appended - marks.durable) * 5000 <= options.inflight_bytes_max);
        CHECK(marks.appended >= marks.written);
        CHECK(marks.written >= marks.durable);
        CHECK(marks.durable >= marks.witnessed);
      }
      REQUIRE((*writer)->Close().ok());
      writer->reset();
      CHECK_EQ(ReadTexts(*Recover(options)).size(), 60);
    }
  }
}

}  // namespace
}  // namespace stet::wal::writer_modes_test
