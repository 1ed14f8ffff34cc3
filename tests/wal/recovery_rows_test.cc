// One test per row of the decision table that can occur.  Rows are numbered as in wal/README.md.
#include <doctest/doctest.h>

#include "tests/wal/recovery_fixture.h"

namespace stet::wal::recovery_rows_test {
namespace {

#define CHECK_REFUSED(bench, expected)                            \
  do {                                                            \
    const RecoveryReport report_ = (bench).Judge();               \
    INFO(report_.ToString());                                     \
    CHECK_EQ(report_.refusal, Refusal::expected);                 \
    CHECK((bench).same);                                          \
    REQUIRE(report_.refusal_finding() != nullptr);                \
    CHECK_FALSE(report_.refusal_finding()->next_command.empty()); \
  } while (false)

RecoveryReport Accepted(Bench& bench, Verdict verdict, uint64_t last_seq) {
  RecoveryReport report = bench.Judge();
  INFO(report.ToString());
  CHECK_EQ(report.verdict, verdict);
  CHECK_EQ(report.refusal, Refusal::kNone);
  CHECK_EQ(report.last_seq, last_seq);
  CHECK(bench.same);
  CHECK_EQ(bench.Read().size(), last_seq);
  return report;
}

}  // namespace

TEST_SUITE("wal::recovery rows") {
  TEST_CASE("1: zeros behind the last batch are the end") {
    Bench bench(ThreeBatches());
    const RecoveryReport report = Accepted(bench, Verdict::kClean, 5);
    CHECK(report.findings.empty());
    CHECK_FALSE(report.clean);
    CHECK_EQ(report.batches, 3);
    CHECK_EQ(bench.Read(),
             std::vector<std::string>{"a1", "a2", "b3", "c4", std::string(1500, 'c')});
    CHECK_EQ(bench.Read(4).size(), 2);
    CHECK(bench.Read(6).empty());
  }

  TEST_CASE("1: a log that was closed in order says so") {
    LogBuilder log = ThreeBatches();
    log.Slot(true);
    Bench bench(log);
    CHECK(Accepted(bench, Verdict::kClean, 5).clean);
  }

  TEST_CASE("1: durable batches that are zeros are a lost tail") {
    LogBuilder log = ThreeBatches();
    Bench bench(log);
    bench.Zero(1, log.batches[1].offset, 8 * kA);
    CHECK_REFUSED(bench, kLostTail);
    const Finding finding = *bench.Judge().refusal_finding();
    CHECK_EQ(finding.file, log.Path());
    CHECK_EQ(finding.offset, log.batches[1].offset);
    CHECK_EQ(finding.lsn_begin, log.batches[1].lsn);
    CHECK_EQ(finding.lsn_end, log.batches[2].lsn);
    CHECK_EQ(finding.first_seq, 3);
    CHECK_EQ(finding.last_seq, 3);
  }

  TEST_CASE("2: a batch without some of its sectors was in flight, and is dropped") {
    LogBuilder log = ThreeBatches();
    Bench bench(log);
    bench.Zero(1, log.batches[2].offset + 512, 512);
    const RecoveryReport report = Accepted(bench, Verdict::kTornTail, 3);
    CHECK(Says(report, "TORN_TAIL"));
    CHECK_EQ(report.dropped_bytes, kA);
  }

  TEST_CASE("2: a torn batch that was durable is damage") {
    LogBuilder log = ThreeBatches();
    log.Slot();
    Bench bench(log);
    bench.Zero(1, log.batches[2].offset + 512, 512);
    CHECK_REFUSED(bench, kCorruptAcked);
  }

  // An etcd case: runs of zeros in a payload look like missing sectors there.
  TEST_CASE("2: zeros in a payload are not taken for missing sectors") {
    LogBuilder log = ThreeBatches();
    log.Slot();
    const BuiltBatch zeros = log.Batch({std::string(3000, '\0')});
    Bench bench(log);
    Accepted(bench, Verdict::kClean, 6);
    bench.Flip(1, zeros.offset + 130);
    CHECK_REFUSED(bench, kSuspectTail);
  }

  TEST_CASE("3: a hole before a later batch drops both when neither was durable") {
    LogBuilder log = ThreeBatches();
    log.Batch({"d6"});
    Bench bench(log);
    bench.Zero(1, log.batches[2].offset, kA);
    CHECK_EQ(Accepted(bench, Verdict::kTornTail, 3).dropped_bytes, 2 * kA);
    bench.Zero(1, log.batches[2].offset, 512);
    Accepted(bench, Verdict::kTornTail, 3);
  }

  TEST_CASE("3: a hole that a later batch calls durable is damage") {
    LogBuilder log = ThreeBatches();
    log.Durable();
    log.Batch({"d6"});
    Bench bench(log);
    bench.Zero(1, log.batches[2].offset, kA);
    CHECK_REFUSED(bench, kCorruptAcked);
    CHECK_EQ(bench.Judge().refusal_finding()->last_seq, 5);
  }

  TEST_CASE("3: more behind a hole than can have been in flight proves it durable") {
    LogBuilder log = ThreeBatches();
    log.inflight_max = 2 * kA;
    log.segments.clear();
    log = LogBuilder{.inflight_max = 2 * kA};
    log.Segment();
    for (int i = 0; i < 4; ++i) log.Batch({"x"});
    Bench bench(log);
    bench.Zero(1, log.batches[2].offset, kA);  // two in flight: allowed
    Accepted(bench, Verdict::kTornTail, 2);
    bench.Zero(1, log.batches[1].offset, kA);  // three: not
    CHECK_REFUSED(bench, kCorruptAcked);
  }

  TEST_CASE("4: a tear inside a sector of the last batch is suspect") {
    LogBuilder log = ThreeBatches();
    Bench bench(log);
    bench.Zero(1, log.batches[2].offset + 700, 100);
    CHECK_REFUSED(bench, kSuspectTail);
    bench.options.tail = TailPolicy::kLenient;
    CHECK(Says(Accepted(bench, Verdict::kTornTail, 3), "SUSPECT_TAIL_DROPPED"));
  }

  TEST_CASE("4: one flipped bit in the last batch is suspect, and named") {
    LogBuilder log = ThreeBatches();
    for (const uint64_t at : {uint64_t{20}, uint64_t{300}}) {
      Bench bench(log);
      bench.Flip(1, log.batches[2].offset + at, 3);
      CHECK_REFUSED(bench, kSuspectTail);
      const std::string text = bench.Judge().refusal_finding()->text;
      CHECK_NE(text.find("flipping bit 3 of the byte at offset " +
                         std::to_string(log.batches[2].offset + at)),
               std::string::npos);
    }
  }

  TEST_CASE("4: a bit flipped in durable data is refused with its range") {
    LogBuilder log = ThreeBatches();
    Bench bench(log);
    bench.Flip(1, log.batches[0].offset + 140);
    CHECK_REFUSED(bench, kCorruptAcked);
    const Finding finding = *bench.Judge().refusal_finding();
    CHECK_EQ(finding.offset, log.batches[0].offset);
    CHECK_EQ(finding.first_seq, 1);
    CHECK_EQ(finding.last_seq, 3);
    bench.options.tail = TailPolicy::kLenient;  // changes nothing about durable data
    CHECK_REFUSED(bench, kCorruptAcked);
  }

  TEST_CASE("5: in a segment that was not zeroed a bad tail is dropped") {
    LogBuilder log;
    log.fill = 2;
    log.Segment();
    log.Batch({"a1"});
    log.Durable();
    log.Batch({"b2"});
    Bench bench(log);
    bench.Flip(1, log.batches[1].offset + 140);
    CHECK(Says(Accepted(bench, Verdict::kTornTail, 1), "SUSPECT_TAIL_DROPPED"));
    bench.Flip(1, log.batches[0].offset + 140);
    CHECK_REFUSED(bench, kCorruptAcked);
  }

  TEST_CASE("6: a batch with another salt was never written here") {
    LogBuilder log = ThreeBatches();
    LogBuilder other;
    other.Segment();
    other.segments.emplace_back();  // as segment 2: another salt
    other.segments.back().bytes.assign(other.segment_bytes, '\0');
    other.offset = log.offset;
    other.Batch({"old"});
    Bench bench(log);
    bench.File(1).replace(log.offset, kA, other.segments[1].bytes, log.offset, kA);
    CHECK(Says(Accepted(bench, Verdict::kStaleTail, 5), "STALE_TAIL"));
    bench.File(1).replace(log.batches[1].offset, kA, other.segments[1].bytes, log.offset, kA);
    CHECK_REFUSED(bench, kLostTail);
  }

  TEST_CASE("7: a batch of another place") {
    LogBuilder log = ThreeBatches();
    Bench bench(log);
    const std::string misplaced = bench.File(1).substr(log.batches[0].offset, kA);
    bench.File(1).replace(log.offset, kA, misplaced);
    CHECK(Says(Accepted(bench, Verdict::kStaleTail, 5), "MISPLACED_BATCH"));
    bench.File(1).replace(log.batches[1].offset, kA, misplaced);
    CHECK_REFUSED(bench, kMisdirected);
  }

  TEST_CASE("7: a batch written over the one that it names durable proves that one's loss") {
    LogBuilder log = ThreeBatches();
    log.Durable();
    log.Batch({"d6"});
    Bench bench(log);
    // Instead of at its own place it stands over the batch before it: nothing else names that one.
    const std::string last = bench.File(1).substr(log.batches[3].offset, kA);
    bench.Zero(1, log.batches[3].offset, kA);
    bench.File(1).replace(log.batches[2].offset, kA, last);
    CHECK_REFUSED(bench, kMisdirected);
  }

  TEST_CASE("7: a batch inside the one that it names durable proves that one damaged") {
    LogBuilder log = ThreeBatches();
    const BuiltBatch large = log.Batch({std::string(9000, 'l')});
    log.Durable();
    const BuiltBatch last = log.Batch({"z"});
    Bench bench(log);
    const std::string bytes = bench.File(1).substr(last.offset, kA);
    bench.Zero(1, last.offset, kA);
    bench.File(1).replace(large.offset + kA, kA, bytes);
    CHECK_REFUSED(bench, kCorruptAcked);
  }

  TEST_CASE("8: an intact batch that does not continue the chain") {
    LogBuilder log = ThreeBatches();
    LogBuilder fork = log;
    fork.last_id = std::string(16, 'x');
    fork.Batch({"forked"});
    Bench bench(fork);
    CHECK_REFUSED(bench, kChainBroken);
    LogBuilder gap = log;
    gap.next_seq = 9;
    gap.Batch({"gap"});
    Bench with_gap(gap);
    CHECK_REFUSED(with_gap, kChainBroken);
  }

  TEST_CASE("9: what cannot be read is refused, or dropped if that is asked for") {
    LogBuilder log = ThreeBatches();
    Bench bench(log);
    bench.disk.unreadable[log.Path()] = {log.batches[2].offset};
    CHECK_REFUSED(bench, kIoError);
    bench.options.tail = TailPolicy::kLenient;
    CHECK(Says(Accepted(bench, Verdict::kTornTail, 3), "UNREADABLE_TAIL_DROPPED"));
    bench.disk.unreadable[log.Path()] = {log.batches[1].offset};
    CHECK_REFUSED(bench, kIoError);
    bench.disk.unreadable[log.Path()] = {log.offset + 3 * kA};
    bench.options.tail = TailPolicy::kStrict;
    CHECK_REFUSED(bench, kIoError);
  }

  TEST_CASE("10: a segment that takes no more may be cut behind its last batch") {
    LogBuilder log = ThreeBatches();
    log.End();
    log.Segment(1, 1);
    Bench bench(log);
    bench.File(1).resize(log.batches.back().offset + kA);
    CHECK(Says(Accepted(bench, Verdict::kClean, 5), "SHORT_FILE"));
    LogBuilder full = ThreeBatches();
    full.Batch({std::string(full.segment_bytes - full.offset - 200, 'f')});
    REQUIRE_EQ(full.offset, full.segment_bytes);
    Bench used_up(full);
    CHECK_EQ(Accepted(used_up, Verdict::kClean, 6).findings.size(), 0);
    used_up.File(1).resize(full.segment_bytes - 1);
    CHECK(Says(Accepted(used_up, Verdict::kClean, 6), "SHORT_FILE"));
    used_up.File(1).resize(full.segment_bytes - 600);
    CHECK_REFUSED(used_up, kTruncated);
  }

  TEST_CASE(
      "13: the one copy that a torn activation left is damaged: refused, though it is empty") {
    LogBuilder log = ThreeBatches();
    LogBuilder prepared = log;
    prepared.Segment(1, 1);
    log.Segment(3);
    const Image torn = log.segments[1];
    log.epoch = 2;
    log.Segment(3);
    log.Batch({"d6"});
    Bench bench(log);
    // The crash came when copy A had been written.
    bench.File(2).replace(kA, 256, prepared.segments[1].bytes, kA, 256);
    CHECK(Says(Accepted(bench, Verdict::kClean, 6), "HEADER_HEALED"));
    bench.Flip(2, 60);
    CHECK_REFUSED(bench, kHeaderLost);
  }

  TEST_CASE(
      "16: the segment that an opening began is missed, also if nothing before it was sealed") {
    LogBuilder log = ThreeBatches();
    log.epoch = 2;
    log.Segment(3);
    log.Batch({"d6"});
    Bench old(log);
    old.disk.files.erase(log.Path(2));
    // Older builds leave no trace of an opening.
    CHECK(Accepted(old, Verdict::kClean, 5).findings.empty());
    log.opened_segno = 2;
    Bench bench(log);
    CHECK(Accepted(bench, Verdict::kClean, 6).findings.empty());
    bench.disk.files.erase(log.Path(2));
    CHECK_REFUSED(bench, kMissingSegment);
    // Nor is a file of zeros taken for one that never was in use.
    bench.disk.files[log.Path(2)] = std::string(log.segment_bytes, '\0');
    CHECK_REFUSED(bench, kMissingSegment);
  }

  TEST_CASE("10: a file that lost only zeros at its end, and one that lost more") {
    LogBuilder log = ThreeBatches();
    Bench bench(log);
    bench.File(1).resize(log.offset + 512);
    CHECK(Says(Accepted(bench, Verdict::kClean, 5), "SHORT_FILE"));
    // What stood behind the last batch is not known any more.
    bench.File(1).resize(log.offset + 511);
    CHECK_REFUSED(bench, kTruncated);
    bench.File(1).resize(log.offset);
    CHECK_REFUSED(bench, kTruncated);
    bench.File(1).resize(log.batches[2].offset + 700);
    CHECK_REFUSED(bench, kTruncated);
    bench.File(1).resize(log.batches[1].offset);
    CHECK_REFUSED(bench, kTruncated);
    bench.File(1).resize(log.batches[1].offset + 60);
    CHECK_REFUSED(bench, kTruncated);
  }
}

}  // namespace stet::wal::recovery_rows_test
