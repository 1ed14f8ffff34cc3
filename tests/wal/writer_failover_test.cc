// Tests of the writer when the disk fails: it goes on in the next segment, or fails for good and says why.
#include <errno.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "stet/wal/inspect.h"
#include "stet/wal/writer.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"

namespace stet::wal::writer_failover_test {
namespace {

std::string TextOf(uint64_t seq) {
  return std::to_string(seq) + std::string(1500, static_cast<char>('a' + seq % 26));
}

// Appends up to `seq`, a few at a time, until all is released or the log fails.
absl::Status AppendUpTo(Writer* writer, uint64_t seq) {
  while (writer->released() < seq) {
    for (int i = 0; i < 5 && writer->next_seq() <= seq; ++i) {
      RETURN_IF_ERROR(AppendText(writer, {TextOf(writer->next_seq())}).status());
    }
    RETURN_IF_ERROR(writer->Poll(absl::Milliseconds(1)));
  }
  return absl::OkStatus();
}

// Counts from the call that follows.
void FailCall(SimStorage* storage, uint64_t nth, int error = EIO) {
  storage->faults.fail_call = storage->calls() + nth;
  storage->faults.fail_errno = error;
}

// Bytes and order of what is in the log.
void CheckLog(SimDisk disk, Options options, uint64_t at_least, uint64_t at_most) {
  SimStorage storage(std::move(disk));
  options.storage = &storage;
  const auto log = Recover(options);
  REQUIRE_MESSAGE(log.ok(), log.status().ToString());
  const std::vector<std::string> texts = ReadTexts(*log);
  CHECK(texts.size() >= at_least);
  CHECK(texts.size() <= at_most);
  for (size_t i = 0; i < texts.size(); ++i) REQUIRE(texts[i] == TextOf(i + 1));
}

TEST_SUITE("wal::Writer failover") {
  TEST_CASE("a write or a flush that fails is followed by the next segment, and nothing is lost") {
    for (const Durability mode : {Durability::kOs, Durability::kCommit, Durability::kWitness}) {
      for (const Operation operation : {Operation::kDurableWrite, Operation::kWriteThenFlush}) {
        bool failed = true;
        for (uint64_t nth = 1; failed; ++nth) {
          CAPTURE(ToString(mode));
          CAPTURE(ToString(operation));
          CAPTURE(nth);
          SimStorage storage;
          Options options = SimOptions(&storage);
          options.first_segment_bytes = options.segment_bytes;
          options.durability = mode;
          options.operation = operation;
          auto writer = OpenWriter(options);
          REQUIRE(writer.ok());
          REQUIRE(AppendUpTo(writer->get(), 10).ok());
          REQUIRE((*writer)->Maintain(absl::Seconds(1)).ok());  // the next segment is there
          FailCall(&storage, nth);
          const absl::Status appended = AppendUpTo(writer->get(), 40);
          REQUIRE_MESSAGE(appended.ok(), appended.ToString());
          REQUIRE((*writer)->Flush().ok());
          CHECK_EQ((*writer)->released(), 40);
          failed = storage.calls() >= storage.faults.fail_call;
          REQUIRE((failed || nth > 6));
          if (!failed) break;
          const WriterStats stats = (*writer)->stats();
          CHECK_EQ(stats.failovers, 1);
          REQUIRE_EQ(stats.last_failures.size(), 1);
          const WriterFailure& failure = stats.last_failures.front();
          CHECK(failure.outcome == WriterFailure::Outcome::kFailedOver);
          CHECK_MESSAGE(failure.text.find("0000000000000001.wal") != failure.text.npos,
                        failure.text);
          CHECK(failure.time_ns > 0);
          CheckLog(storage.Crash(CrashPolicy::kLoseAll), options, 40, 40);
          REQUIRE((*writer)->Close().ok());
          CheckLog(storage.disk(), options, 40, 40);
          CHECK_EQ(storage.misuse(), "");
        }
      }
    }
  }

  TEST_CASE("the header of the next segment says that it follows a failure, and where that ended") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    REQUIRE(AppendUpTo(writer->get(), 10).ok());
    FailCall(&storage, 1);
    REQUIRE(AppendUpTo(writer->get(), 20).ok());
    REQUIRE((*writer)->Close().ok());
    writer->reset();
    const auto segments = ListSegments(options);
    REQUIRE_MESSAGE(segments.ok(), segments.status().ToString());
    REQUIRE_EQ(segments->size(), 2);
    CHECK_EQ(segments->back().start_reason, "failover");
    CHECK_EQ(segments->back().first_seq, 11);
    CHECK_EQ(segments->back().epoch, 1);
    CHECK_EQ(segments->back().chain, "ok");
  }

  TEST_CASE("a flush that succeeds behind one that failed proves nothing") {
    for (const FlushFailure failure :
         {FlushFailure::kStillDirty, FlushFailure::kKeptInCache, FlushFailure::kReverted}) {
      SimStorage storage;
      storage.faults.flush_failure = failure;
      Options options = SimOptions(&storage);
      options.operation = Operation::kWriteThenFlush;
      auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      REQUIRE(AppendUpTo(writer->get(), 10).ok());
      FailCall(&storage, 2);  // a write, then its flush
      REQUIRE(AppendUpTo(writer->get(), 15).ok());
      CHECK_EQ((*writer)->stats().failovers, 1);
      CHECK((*writer)->stats().last_failures.front().kind == WriterFailure::Kind::kFlush);
      CheckLog(storage.Crash(CrashPolicy::kLoseAll), options, 15, 15);
    }
  }

  TEST_CASE("the flush behind a short write proves nothing when another failed before it") {
    for (const FlushFailure failure : {FlushFailure::kKeptInCache, FlushFailure::kReverted}) {
      SimStorage storage;
      Options options = SimOptions(&storage);
      options.operation = Operation::kLinkedFlush;
      options.batches_in_flight_min = options.batches_in_flight_max = 4;
      options.batch_bytes_max = 8192;
      auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      REQUIRE((*writer)->Maintain(absl::Seconds(1)).ok());
      storage.faults.flush_failure = failure;
      storage.faults.short_write = storage.queued_writes() + 1;
      const std::string text(6000, 's');
      REQUIRE(AppendText(writer->get(), {text}).ok());
      // The beginning is written, then the rest; now its flush is under way.
      for (int i = 0; i < 2; ++i) REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
      // The third one closes the second.
      for (int i = 0; i < 2; ++i) REQUIRE(AppendText(writer->get(), {text}).ok());
      REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
      CHECK_EQ((*writer)->stats().short_writes, 1);
      CHECK_GE((*writer)->stats().batches, 2);
      // The other batch is written first, and its flush fails.
      storage.script = {1};
      FailCall(&storage, 2);
      while ((*writer)->released() < 3) REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
      CHECK_EQ((*writer)->stats().failovers, 1);
      SimStorage after(storage.Crash(CrashPolicy::kLoseAll));
      options.storage = &after;
      const auto log = Recover(options);
      REQUIRE_MESSAGE(log.ok(), log.status().ToString());
      CHECK(ReadTexts(*log) == std::vector<std::string>(3, text));
    }
  }

  TEST_CASE("the power goes at each call of a failover") {
    for (const Durability mode :
         {Durability::kOs, Durability::kInterval, Durability::kCommit, Durability::kWitness}) {
      for (uint64_t call = 1; call <= 20; ++call) {
        CAPTURE(ToString(mode));
        CAPTURE(call);
        SimStorage storage({}, call);
        Options options = SimOptions(&storage);
        options.durability = mode;
        options.first_segment_bytes = options.segment_bytes;
        auto writer = OpenWriter(options);
        REQUIRE(writer.ok());
        REQUIRE(AppendUpTo(writer->get(), 10).ok());
        REQUIRE((*writer)->Flush().ok());
        REQUIRE(AppendUpTo(writer->get(), 20).ok());
        REQUIRE((*writer)->Maintain(absl::Seconds(1)).ok());  // the next segment is there
        FailCall(&storage, 2);
        storage.faults.die_at_call = storage.calls() + 2 + call;
        const absl::Status status = AppendUpTo(writer->get(), 30);
        const uint64_t acknowledged = (*writer)->released();
        CHECK((!status.ok() || acknowledged == 30));
        // A kill at any moment, in any mode: all of it.
        CheckLog(storage.disk(), options, acknowledged, 30);
        const uint64_t promised = mode < Durability::kCommit ? 10 : acknowledged;
        for (const CrashPolicy policy : {CrashPolicy::kLoseAll, CrashPolicy::kKeepAll,
                                         CrashPolicy::kRandom, CrashPolicy::kRandom}) {
          CheckLog(storage.Crash(policy), options, promised, 30);
        }
      }
    }
  }

  TEST_CASE("what is held goes into a segment that takes all of it") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    options.durability = Durability::kOs;
    options.segment_bytes = 1 << 20;
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    // Rotations flush; then a good part of a large segment is written and not flushed.
    REQUIRE(AppendUpTo(writer->get(), 600).ok());
    const uint64_t durable = (*writer)->watermarks().durable;
    REQUIRE((*writer)->watermarks().written - durable > 50);
    FailCall(&storage, 1);
    REQUIRE(AppendUpTo(writer->get(), 610).ok());
    REQUIRE((*writer)->Flush().ok());
    CHECK_EQ((*writer)->stats().failovers, 1);
    REQUIRE((*writer)->Close().ok());
    CheckLog(storage.Crash(CrashPolicy::kLoseAll), options, 610, 610);
  }

  TEST_CASE("released never steps back, though what is written has to be written again") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    options.durability = Durability::kOs;
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    REQUIRE(AppendUpTo(writer->get(), 20).ok());
    CHECK_EQ((*writer)->watermarks().durable, 0);
    FailCall(&storage, 1);
    REQUIRE(AppendText(writer->get(), {TextOf(21)}).ok());
    uint64_t released = 20;
    while ((*writer)->stats().failovers == 0 || released < 21) {
      REQUIRE((*writer)->Poll(absl::Milliseconds(1)).ok());
      CHECK((*writer)->released() >= released);
      released = (*writer)->released();
    }
    REQUIRE((*writer)->Close().ok());
    CheckLog(storage.disk(), options, 21, 21);
  }

  TEST_CASE("the third failure within a minute is final, and everybody learns it") {
    for (const bool quickly : {true, false}) {
      SimStorage storage;
      Options options = SimOptions(&storage);
      auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      absl::Status status;
      for (uint64_t failure = 1; failure <= 3 && status.ok(); ++failure) {
        FailCall(&storage, 1);
        status = AppendUpTo(writer->get(), 10 * failure);
        if (!quickly) storage.Advance(61'000'000'000);
      }
      CHECK_EQ(status.ok(), !quickly);
      CHECK_EQ((*writer)->stats().failovers, quickly ? 2 : 3);
      if (!quickly) continue;
      CHECK_EQ((*writer)->released(), 20);
      const std::string message(status.message());
      CHECK_MESSAGE(message.find("0000000000000003.wal") != message.npos, message);
      CHECK_MESSAGE(message.find("Input/output error") != message.npos, message);
      CHECK_EQ(AppendText(writer->get(), {"x"}).status(), status);
      CHECK_EQ((*writer)->Flush(), status);
      CHECK_EQ((*writer)->Close(), status);
      CHECK((*writer)->stats().last_failures.back().outcome == WriterFailure::Outcome::kPoisoned);
      CheckLog(storage.Crash(CrashPolicy::kLoseAll), options, 20, 30);
    }
  }

  TEST_CASE("without space for a segment to go on in the log fails, and names both reasons") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    REQUIRE(AppendUpTo(writer->get(), 3).ok());
    storage.faults.capacity = storage.disk().UsedBytes();
    FailCall(&storage, 1);
    const absl::Status status = AppendUpTo(writer->get(), 6);
    REQUIRE(!status.ok());
    CHECK(!absl::IsResourceExhausted(status));
    const std::string message(status.message());
    CHECK_MESSAGE(message.find("Input/output error") != message.npos, message);
    CHECK_MESSAGE(message.find("No space left") != message.npos, message);
    CHECK_EQ((*writer)->released(), 3);
    CheckLog(storage.disk(), options, 3, 6);
  }

  TEST_CASE("the segment that is ready is the reserve of a full disk: low space shows early") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    REQUIRE(AppendUpTo(writer->get(), 20).ok());
    REQUIRE((*writer)->Maintain(absl::Seconds(1)).ok());  // the reserve is there
    storage.faults.capacity = storage.disk().UsedBytes();
    absl::Status status;
    uint64_t taken_while_low = 0;
    while (status.ok()) {
      status = AppendUpTo(writer->get(), (*writer)->next_seq());
      if (status.ok() && (*writer)->stats().low_space) ++taken_while_low;
      REQUIRE((*writer)->Maintain(absl::Milliseconds(1)).ok());
    }
    CHECK(absl::IsResourceExhausted(status));
    CHECK(taken_while_low > 20);
    const uint64_t taken = (*writer)->next_seq() - 1;
    REQUIRE((*writer)->Flush().ok());
    CHECK_EQ((*writer)->released(), taken);
    const WriterStats stats = (*writer)->stats();
    CHECK_EQ(stats.failures, 1);
    CHECK(stats.last_failures.front().kind == WriterFailure::Kind::kSegment);
    CHECK(stats.last_failures.front().outcome == WriterFailure::Outcome::kWaits);
    storage.faults.capacity = UINT64_MAX;
    REQUIRE(AppendUpTo(writer->get(), taken + 20).ok());
    CHECK(!(*writer)->stats().low_space);
    REQUIRE((*writer)->Close().ok());
    CheckLog(storage.Crash(CrashPolicy::kLoseAll), options, taken + 20, taken + 20);
  }
}

}  // namespace
}  // namespace stet::wal::writer_failover_test
