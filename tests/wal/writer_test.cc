// Tests of the writer: what it takes, what it releases, what stands on disk afterwards.
#include "stet/wal/writer.h"

#include <unistd.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "stet/wal/storage.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal::writer_test {
namespace {

TEST_SUITE("wal::Writer") {
  TEST_CASE("what was appended is read back, on the machine's storage") {
    for (const Backend backend : {Backend::kPosix, Backend::kAuto}) {
      const TempDirectory directory;
      Options options{.directory = directory.path() + "/log", .create = true, .backend = backend};
      {
        auto writer = OpenWriter(options);
        REQUIRE_MESSAGE(writer.ok(), writer.status().ToString());
        CHECK_EQ((*writer)->epoch(), 1);
        CHECK_EQ((*writer)->next_seq(), 1);
        CHECK_EQ(*AppendText(writer->get(), {"one", "two"}), 2);
        CHECK_EQ(*AppendText(writer->get(), {"three"}), 3);
        CHECK((*writer)->Close().ok());
        CHECK_EQ((*writer)->released(), 3);
        CHECK_EQ((*writer)->watermarks().witnessed, 3);
        CHECK(absl::IsFailedPrecondition(AppendText(writer->get(), {"four"}).status()));
      }
      auto again = Recover(options);
      REQUIRE_MESSAGE(again.ok(), again.status().ToString());
      CHECK(again->report().clean);
      CHECK_EQ(ReadTexts(*again), std::vector<std::string>{"one", "two", "three"});
    }
  }

  TEST_CASE("each opening is an epoch, and the chain of segments goes on") {
    for (const bool close : {true, false}) {
      SimStorage storage;
      Options options = SimOptions(&storage);
      std::vector<std::string> expected;
      for (uint32_t epoch = 1; epoch <= 20; ++epoch) {
        CAPTURE(epoch);
        auto writer = OpenWriter(options);
        REQUIRE_MESSAGE(writer.ok(), writer.status().ToString());
        CHECK_EQ((*writer)->epoch(), epoch);
        if (epoch % 5 != 0) {
          expected.push_back("epoch " + std::to_string(epoch));
          REQUIRE(AppendText(writer->get(), {expected.back()}).ok());
          REQUIRE((*writer)->Flush().ok());
        }
        if (close) REQUIRE((*writer)->Close().ok());
      }
      auto again = Recover(options);
      REQUIRE_MESSAGE(again.ok(), again.status().ToString());
      CHECK_EQ(again->report().clean, close);
      CHECK_EQ(ReadTexts(*again), expected);
    }
  }

  TEST_CASE("segments rotate and grow, and a group too large for one waits for the next") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    options.segment_bytes = 1 << 20;
    std::vector<std::string> expected;
    {
      auto writer = OpenWriter(options);
      REQUIRE_MESSAGE(writer.ok(), writer.status().ToString());
      for (const size_t size : {100, 10'000, 60'000, 250'000, 7, 250'000, 250'000, 130'000, 1}) {
        expected.push_back(std::string(size, static_cast<char>('a' + expected.size())));
        const auto seq = AppendText(writer->get(), {expected.back()});
        REQUIRE_MESSAGE(seq.ok(), seq.status().ToString());
        if (size % 2 == 0) REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
      }
      REQUIRE((*writer)->Close().ok());
      CHECK((*writer)->stats().rotations >= 2);
    }
    auto again = Recover(options);
    REQUIRE_MESSAGE(again.ok(), again.status().ToString());
    CHECK(ReadTexts(*again) == expected);
    CHECK(again->report().segments >= 3);
  }

  TEST_CASE("limits are refusals that take nothing") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    CHECK(absl::IsInvalidArgument((*writer)->Append({}, 0).status()));
    const std::string large(options.segment_bytes / 4, 'x');
    const auto refused = AppendText(writer->get(), {large});
    CHECK(absl::IsOutOfRange(refused.status()));
    const std::string huge((8 << 20) + (64 << 10) + 1, 'x');
    CHECK(absl::IsOutOfRange(AppendText(writer->get(), {huge}).status()));
    CHECK_EQ((*writer)->next_seq(), 1);
    CHECK_EQ(*AppendText(writer->get(), {"fits"}), 1);
    CHECK((*writer)->Close().ok());
  }

  TEST_CASE("options that contradict each other are refused") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    options.segment_bytes = 100'000;
    CHECK(absl::IsInvalidArgument(OpenWriter(options).status()));
    options = SimOptions(&storage);
    options.segment_bytes = 64 << 20;
    options.inflight_bytes_max = 1 << 20;
    CHECK(absl::IsInvalidArgument(OpenWriter(options).status()));
    options = SimOptions(&storage);
    options.batches_in_flight_max = 0;
    CHECK(absl::IsInvalidArgument(OpenWriter(options).status()));
    options.batches_in_flight_max = 4;
    options.batches_in_flight_min = 5;
    CHECK(absl::IsInvalidArgument(OpenWriter(options).status()));
    options = SimOptions(&storage);
    options.flush_interval = absl::Nanoseconds(-1);
    CHECK(absl::IsInvalidArgument(OpenWriter(options).status()));
  }

  TEST_CASE("nothing is released before its write has completed") {
    SimStorage storage;
    auto writer = OpenWriter(SimOptions(&storage));
    REQUIRE(writer.ok());
    REQUIRE(AppendText(writer->get(), {"a"}).ok());
    CHECK_EQ((*writer)->watermarks().appended, 1);
    REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());  // submitted
    CHECK_EQ((*writer)->released(), 0);
    REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
    CHECK_EQ((*writer)->released(), 1);
    CHECK_EQ((*writer)->watermarks().witnessed, 0);
  }

  TEST_CASE("while a batch flies the next gathers; the watermark follows, and a slot when idle") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    REQUIRE(AppendText(writer->get(), {"a"}).ok());
    REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
    for (int i = 0; i < 10; ++i) {
      REQUIRE(AppendText(writer->get(), {"b"}).ok());
      REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
    }
    CHECK_EQ((*writer)->stats().batches, 1);
    // Who waited for "a" may append again before the rest is sealed.
    REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
    CHECK_EQ((*writer)->released(), 1);
    CHECK_EQ((*writer)->stats().batches, 1);
    REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
    CHECK_EQ((*writer)->stats().batches, 2);
    REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
    CHECK_EQ((*writer)->released(), 11);
    CHECK_EQ((*writer)->watermarks().witnessed, 1);  // by the second batch's header
    CHECK_EQ((*writer)->stats().watermark_slots, 0);
    for (int i = 0; i < 3; ++i) REQUIRE((*writer)->Poll(absl::Milliseconds(20)).ok());
    CHECK_EQ((*writer)->watermarks().witnessed, 11);
    CHECK_EQ((*writer)->stats().watermark_slots, 1);
    for (int i = 0; i < 3; ++i) REQUIRE((*writer)->Poll(absl::Milliseconds(20)).ok());
    CHECK_EQ((*writer)->stats().watermark_slots, 1);
    writer->reset();
    auto again = Recover(options);
    REQUIRE(again.ok());
    CHECK_EQ(again->report().durable_lsn >> 32, 1);
    CHECK_EQ(again->report().durable_lsn, again->report().end_lsn);
  }

  TEST_CASE("each batch names how far the log was durable when it was sealed") {
    SimStorage storage;
    const Options options = SimOptions(&storage);
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    for (int i = 0; i < 5; ++i) {
      REQUIRE(AppendText(writer->get(), {"x"}).ok());
      REQUIRE((*writer)->Flush().ok());
    }
    writer->reset();
    auto again = Recover(options);
    REQUIRE(again.ok());
    Reader reader = again->NewReader();
    for (const Record& record : reader) {
      CHECK_EQ(reader.batch().durable_lsn, record.lsn);  // all before it, and no more
      CHECK(reader.batch().closed_ns > 0);
    }
  }

  TEST_CASE("in os mode the window forces flushes, and nothing else does") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    options.durability = Durability::kOs;
    options.inflight_bytes_max = 64 << 10;
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    const uint64_t flushes = (*writer)->stats().flushes;
    REQUIRE(AppendText(writer->get(), {"a"}).ok());
    while ((*writer)->released() < 1) REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
    CHECK_EQ((*writer)->watermarks().durable, 0);
    CHECK_EQ((*writer)->stats().flushes, flushes);
    const std::string text(10'000, 'w');
    for (int i = 0; i < 40; ++i) {
      REQUIRE(AppendText(writer->get(), {text}).ok());
      REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
    }
    CHECK((*writer)->watermarks().durable > 30);
    CHECK((*writer)->stats().flushes > 3);
    REQUIRE((*writer)->Close().ok());
    CHECK_EQ((*writer)->watermarks().durable, 41);
  }

  TEST_CASE("memory mode releases with the append, and still writes") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    options.durability = Durability::kMemory;
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    REQUIRE(AppendText(writer->get(), {"a"}).ok());
    CHECK_EQ((*writer)->released(), 1);
    REQUIRE((*writer)->Close().ok());
    writer->reset();
    CHECK_EQ(ReadTexts(*Recover(options)), std::vector<std::string>{"a"});
  }

  TEST_CASE("a full disk refuses before anything is taken, and goes on when there is space") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    std::vector<std::string> expected;
    {
      auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      storage.faults.capacity = storage.disk().UsedBytes() + (32 << 10);
      absl::Status refused;
      while (refused.ok()) {
        const std::string text(3000, static_cast<char>('a' + expected.size()));
        const uint64_t before = (*writer)->next_seq();
        refused = AppendText(writer->get(), {text}).status();
        if (refused.ok()) {
          expected.push_back(text);
        } else {
          CHECK_EQ((*writer)->next_seq(), before);
        }
        REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
        REQUIRE(expected.size() < 100);
      }
      CHECK(absl::IsResourceExhausted(refused));
      CHECK(expected.size() > 5);
      REQUIRE((*writer)->Flush().ok());
      CHECK_EQ((*writer)->released(), expected.size());
      CHECK(!AppendText(writer->get(), {std::string(3000, 'y')}).ok());
      storage.faults.capacity = UINT64_MAX;
      expected.push_back(std::string(3000, 'z'));
      CHECK(AppendText(writer->get(), {expected.back()}).ok());
      REQUIRE((*writer)->Close().ok());
    }
    CHECK(ReadTexts(*Recover(options)) == expected);
  }

  TEST_CASE("a second opener is refused with the pid of the first") {
    const TempDirectory directory;
    Options options{.directory = directory.path(), .create = true};
    options.lock_wait = absl::Milliseconds(20);
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    const absl::Status refused = OpenWriter(options).status();
    CHECK(RefusalOf(refused) == Refusal::kLocked);
    const std::string message(refused.message());
    CHECK_MESSAGE(message.find(std::to_string(::getpid())) != message.npos, message);
  }
}

}  // namespace
}  // namespace stet::wal::writer_test
