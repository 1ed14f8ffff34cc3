// Rows 11 to 31: headers, segments, slots, the directory.  Numbered as in wal/README.md.
#include <doctest/doctest.h>

#include "tests/wal/recovery_fixture.h"

namespace stet::wal::recovery_directory_test {
namespace {

void CheckRefused(Bench& bench, Refusal expected) {
  const RecoveryReport report = bench.Judge();
  INFO(report.ToString());
  CHECK_EQ(ToString(report.refusal), ToString(expected));
  CHECK(bench.same);
}

RecoveryReport Accepted(Bench& bench, uint64_t last_seq) {
  RecoveryReport report = bench.Judge();
  INFO(report.ToString());
  CHECK_EQ(ToString(report.refusal), ToString(Refusal::kNone));
  CHECK_EQ(report.last_seq, last_seq);
  CHECK(bench.same);
  CHECK_EQ(bench.Read().size(), last_seq);
  return report;
}

// Segment 1 rotated into 2, which a crash ended; 3 was started by the next opening.
LogBuilder ThreeSegments() {
  LogBuilder log;
  log.Segment();
  log.Batch({"a1", "a2"});
  log.End();
  log.Segment(1);
  log.Batch({"b3"});
  log.Slot();
  log.Batch({"b4"});
  log.epoch = 2;
  log.Segment(3);
  log.Batch({"c5"});
  log.Slot();
  return log;
}

}  // namespace

TEST_SUITE("wal::recovery directory") {
  TEST_CASE("a chain of segments is one log") {
    Bench bench(ThreeSegments());
    const RecoveryReport report = Accepted(bench, 5);
    CHECK_EQ(report.segments, 3);
    CHECK_EQ(report.epoch, 2);
    CHECK_EQ(bench.Read(3), std::vector<std::string>{"b3", "b4", "c5"});
    CHECK_EQ(bench.Read(5), std::vector<std::string>{"c5"});
  }

  TEST_CASE("what a crash left behind the stated end of a segment is dead") {
    LogBuilder log;
    log.Segment();
    log.Batch({"a1"});
    const LogBuilder before = log;
    log.Batch({"torn"});
    const std::string with_tail = log.segments[0].bytes;
    log = before;
    log.epoch = 2;
    log.Segment(3);
    log.Batch({"b2"});
    log.segments[0].bytes = with_tail;
    Bench bench(log);
    Accepted(bench, 2);
    CHECK_EQ(bench.Read(), std::vector<std::string>{"a1", "b2"});
  }

  TEST_CASE("11: a segment that continues another end than the one before it has") {
    const auto refused_after = [](auto change) {
      LogBuilder log = ThreeBatches();
      change(&log);
      log.Segment();
      Bench bench(log);
      CheckRefused(bench, Refusal::kChainBroken);
    };
    refused_after([](LogBuilder* log) { log->last_id = std::string(16, 'x'); });
    refused_after([](LogBuilder* log) { log->next_seq += 1; });
    refused_after([](LogBuilder* log) { log->epoch = 0; });
    refused_after([](LogBuilder* log) { log->segment_bytes *= 2, log->offset = 1 << 20; });
  }

  TEST_CASE("11: a first segment that names a batch before it") {
    LogBuilder log;
    const std::string none = log.last_id;
    log.last_id = std::string(16, 'x');
    log.Segment();
    log.last_id = none;
    log.Batch({"a1"});
    Bench bench(log);
    CheckRefused(bench, Refusal::kChainBroken);
  }

  TEST_CASE("11: a segment that cuts off what was durable") {
    LogBuilder log = ThreeBatches();
    LogBuilder early = log;
    log.Batch({"d6"});
    log.Slot();
    early.epoch = 2;
    early.Segment(3);
    early.Batch({"forgot d6"});
    early.segments[0] = log.segments[0];
    Bench bench(early);
    CheckRefused(bench, Refusal::kChainBroken);
  }

  TEST_CASE("11: damage in a segment that has a successor is never a tail") {
    const LogBuilder log = ThreeSegments();
    Bench flipped(log);
    flipped.Flip(1, log.batches[0].offset + 200);
    CheckRefused(flipped, Refusal::kCorruptAcked);
    Bench torn(log);
    torn.Zero(2, log.batches[3].offset, 512);
    CHECK_EQ(torn.Judge().refusal_finding()->lsn_begin, log.batches[3].lsn);
    CHECK(torn.Judge().refused());
    Bench cut(log);
    cut.File(1).resize(log.batches[1].offset + 10);
    CheckRefused(cut, Refusal::kTruncated);
    Bench unreadable(log);
    unreadable.disk.unreadable[log.Path(2)] = {log.batches[2].offset};
    CheckRefused(unreadable, Refusal::kIoError);
  }

  TEST_CASE("12: one bad copy of a header is healed by the other") {
    const LogBuilder log = ThreeSegments();
    for (const uint64_t copy : {uint64_t{0}, kA}) {
      Bench bench(log);
      bench.Flip(2, copy + 60);
      CHECK(Says(Accepted(bench, 5), "HEADER_HEALED"));
      bench.disk.unreadable[log.Path(2)] = {copy};
      CHECK(Says(Accepted(bench, 5), "HEADER_HEALED"));
    }
  }

  TEST_CASE("13: both copies bad, with batches") {
    Bench bench(ThreeSegments());
    bench.Flip(3, 60);
    bench.Flip(3, kA + 60);
    CheckRefused(bench, Refusal::kHeaderLost);
    Bench empty(ThreeSegments());
    empty.File(3).clear();
    CheckRefused(empty, Refusal::kHeaderLost);
  }

  TEST_CASE("14: a last file of zeros was never anything") {
    LogBuilder log = ThreeBatches();
    Bench bench(log);
    bench.disk.files[log.Path(2)] = std::string(128 << 10, '\0');
    CHECK(Says(Accepted(bench, 5), "UNBORN_SEGMENT"));
  }

  TEST_CASE("15: activation that reached one copy") {
    LogBuilder log = ThreeBatches();
    const LogBuilder before = log;
    log.epoch = 2;
    log.Segment(3);
    LogBuilder provisional = before;
    provisional.epoch = 2;
    provisional.Segment(3, 1);
    for (const uint64_t copy : {uint64_t{0}, kA}) {
      Bench bench(log);
      bench.File(2).replace(copy, 256, provisional.segments[1].bytes, copy, 256);
      CHECK_EQ(Accepted(bench, 5).epoch, 2);
    }
    Bench neither(provisional);
    CHECK_EQ(Accepted(neither, 5).epoch, 1);
  }

  TEST_CASE("15: an activation that got lost after batches followed it") {
    LogBuilder log = ThreeBatches();
    LogBuilder provisional = log;
    provisional.Segment(1, 1);
    log.Segment(1);
    log.Batch({"x"});
    Bench bench(log);
    bench.File(2).replace(0, 2 * kA, provisional.segments[1].bytes, 0, 2 * kA);
    CheckRefused(bench, Refusal::kHeaderLost);
  }

  TEST_CASE("16: a segment is missing") {
    Bench inside(ThreeSegments());
    inside.disk.files.erase(LogBuilder{}.Path(2));
    CheckRefused(inside, Refusal::kMissingSegment);
    LogBuilder log;
    log.Segment();
    log.Batch({"a1"});
    log.End();
    Bench successor(log);
    CheckRefused(successor, Refusal::kMissingSegment);
    log.Segment(1, 1);  // prepared, as it must be before SEGMENT_END is written
    Bench prepared(log);
    Accepted(prepared, 1);
  }

  TEST_CASE("17: only a prepared successor is left") {
    LogBuilder log = ThreeBatches();
    log.Segment(1, 1);
    Bench bench(log);
    bench.disk.files.erase(log.Path(1));
    CheckRefused(bench, Refusal::kLogMissing);
  }

  TEST_CASE("18: a file with the name of another") {
    Bench bench(ThreeSegments());
    bench.File(2) = bench.File(1);
    CheckRefused(bench, Refusal::kMisnamed);
    Bench odd(ThreeBatches());
    odd.disk.files["log/1.wal"] = "";
    CheckRefused(odd, Refusal::kMisnamed);
  }

  TEST_CASE("19: a segment of another log") {
    LogBuilder other = ThreeSegments();
    other = LogBuilder{.uuid = "another log's id"};
    other.Segment();
    Bench bench(ThreeSegments());
    bench.disk.files["log/LOG_ID"] = other.LogIdBytes();
    CheckRefused(bench, Refusal::kForeign);
  }

  TEST_CASE("20: newer than this build") {
    LogBuilder log;
    log.event_level = 2;
    log.Segment();
    Bench bench(log);
    CheckRefused(bench, Refusal::kUnsupported);
    bench.options.event_level_max = 2;
    Accepted(bench, 0);
  }

  TEST_CASE("21: a bad watermark slot is only a warning, the other one counts") {
    LogBuilder log = ThreeBatches();
    log.Slot();  // now both are written
    Bench bench(log);
    bench.Flip(1, 3 * kA + 30);
    CHECK(Says(Accepted(bench, 5), "SLOT_DAMAGED"));
    bench.Flip(1, 2 * kA + 30);
    Accepted(bench, 5);
  }

  TEST_CASE("22: a slot that names another batch than the one that ends there") {
    LogBuilder log = ThreeBatches();
    log.last_id = std::string(16, 'y');
    log.Slot();
    Bench bench(log);
    CheckRefused(bench, Refusal::kChainBroken);
  }

  TEST_CASE("23: batches behind a clean close") {
    LogBuilder log;
    log.Segment();
    log.Batch({"a1"});
    log.Slot(true);
    log.Batch({"b2"});
    Bench bench(log);
    CheckRefused(bench, Refusal::kChainBroken);
  }

  TEST_CASE("26: a log whose beginning is gone, with nothing that covers it") {
    Bench bench(ThreeSegments());
    bench.disk.files.erase(LogBuilder{}.Path(1));
    CheckRefused(bench, Refusal::kNoBase);
  }

  TEST_CASE("30: LOG_ID without segments") {
    Bench bench;
    bench.disk.files["log/LOG_ID"] = LogBuilder{}.LogIdBytes();
    bench.options.create = true;
    CheckRefused(bench, Refusal::kLogMissing);
  }

  TEST_CASE("31: no log, and none is made unasked") {
    Bench bench;
    bench.disk.directories.insert("log");
    CheckRefused(bench, Refusal::kNotALog);
    bench.options.create = true;
    CHECK_EQ(bench.Judge().verdict, Verdict::kUnborn);
    CHECK(bench.same);
  }

  TEST_CASE("a creation that did not finish is done again") {
    LogBuilder log;
    log.Segment();
    Bench bench(log);
    bench.disk.files.erase("log/LOG_ID");
    CheckRefused(bench, Refusal::kNotALog);
    bench.options.create = true;
    CHECK_EQ(bench.Judge().verdict, Verdict::kUnborn);
    log.Batch({"a1"});
    Bench with_batch(log);
    with_batch.disk.files.erase("log/LOG_ID");
    with_batch.options.create = true;
    CheckRefused(with_batch, Refusal::kNoLogId);
  }

  TEST_CASE("a damaged LOG_ID is no new log") {
    Bench bench(ThreeBatches());
    bench.disk.files["log/LOG_ID"][20] = '!';
    bench.options.create = true;
    CheckRefused(bench, Refusal::kNoLogId);
    bench.disk.files["log/LOG_ID"].resize(10);
    CheckRefused(bench, Refusal::kNoLogId);
  }

  TEST_CASE("a second opener is refused with the pid of the first") {
    Bench bench(ThreeBatches());
    bench.disk.holder = 4242;
    const absl::StatusOr<RecoveredLog> log = Recover(bench.options);
    CHECK_EQ(RefusalOf(log.status()), Refusal::kLocked);
    CHECK_EQ(log.status().code(), absl::StatusCode::kFailedPrecondition);
    CHECK_NE(log.status().ToString().find("4242"), std::string::npos);
    CHECK_EQ(Examine(bench.options).live_pid, 4242);
  }

  TEST_CASE("a log that is being written is judged up to its watermark") {
    LogBuilder log = ThreeBatches();
    Bench bench(log);
    bench.disk.holder = 1;
    bench.Zero(1, log.batches[2].offset + 700, 10);  // half of a write that is under way
    const RecoveryReport report = Examine(bench.options);
    CHECK_EQ(report.verdict, Verdict::kClean);
    CHECK(Says(report, "IN_FLIGHT"));
    CHECK_EQ(report.last_seq, 3);
    bench.Flip(1, log.batches[1].offset + 140);
    CHECK_EQ(Examine(bench.options).refusal, Refusal::kCorruptAcked);
  }
}

}  // namespace stet::wal::recovery_directory_test
