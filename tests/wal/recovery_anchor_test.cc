// Rows 24 to 29: the log opens from verified snapshots.  Numbered as in wal/README.md.
#include <doctest/doctest.h>

#include "tests/wal/recovery_fixture.h"

namespace stet::wal::recovery_anchor_test {
namespace {

// Three segments of two batches each, rotated; the last is open.  seq 1..8:
//   1: a1 a2 | a3 | end    2: b4 | b5 | end    3: c6 c7 | c8
LogBuilder RotatedLog() {
  LogBuilder log;
  log.Segment();
  log.Batch({"a1", "a2"});
  log.Batch({"a3"});
  log.End();
  log.Segment(1);
  log.Batch({"b4"});
  log.Batch({"b5"});
  log.End();
  log.Segment(1);
  log.Batch({"c6", "c7"});
  log.Durable();
  log.Batch({std::string(1500, 'c')});
  log.Slot();
  return log;
}
constexpr size_t kA1 = 0, kA3 = 1, kEnd1 = 2, kB4 = 3, kB5 = 4, kEnd2 = 5, kC6 = 6, kC8 = 7;

// A disk with that log, opened from the batch at `index`.
struct AnchoredBench : Bench {
  LogBuilder log = RotatedLog();
  explicit AnchoredBench(size_t index) : Bench(RotatedLog()) { Add(index); }
  void Add(size_t index) { anchors.push_back(AnchorBehind(log.batches[index])); }
  void Remove(uint64_t segno) { disk.files.erase(log.Path(segno)); }
};

RecoveryReport Accepted(Bench& bench, uint64_t anchor_seq) {
  RecoveryReport report = bench.Judge();
  INFO(report.ToString());
  CHECK_EQ(ToString(report.refusal), ToString(Refusal::kNone));
  REQUIRE(report.anchor.has_value());
  CHECK_EQ(report.anchor->seq, anchor_seq);
  CHECK_EQ(report.last_seq, 8);
  CHECK(bench.same);
  CHECK_EQ(bench.ReadBehindAnchor().size(), 8 - anchor_seq);
  return report;
}

void CheckRefused(Bench& bench, Refusal expected, int row) {
  const RecoveryReport report = bench.Judge();
  INFO(report.ToString());
  CHECK_EQ(ToString(report.refusal), ToString(expected));
  REQUIRE(report.refusal_finding() != nullptr);
  CHECK_EQ(report.refusal_finding()->row, row);
  CHECK(bench.same);
}

}  // namespace

TEST_SUITE("wal::recovery anchors") {
  TEST_CASE("a log opens from each of its batches, and reads on from there") {
    for (const size_t index : {kA1, kA3, kB4, kB5, kC6, kC8}) {
      AnchoredBench bench(index);
      const Anchor anchor = bench.anchors.front();
      const RecoveryReport report = Accepted(bench, anchor.seq);
      CHECK_EQ(report.scanned_segments, 4 - static_cast<int>(anchor.lsn >> 32));
      CHECK_EQ(bench.Read().size(), 8);  // what stands before the anchor can still be read
      CHECK_EQ(bench.Read(2).size(), 7);
    }
  }

  TEST_CASE("an anchor may lie inside a batch") {
    AnchoredBench bench(kC6);
    bench.anchors.front().seq = 6;
    Accepted(bench, 6);
    CHECK_EQ(bench.ReadBehindAnchor().front(), "c7");
    bench.anchors.front().seq = 5;  // that is in the batch before
    CheckRefused(bench, Refusal::kForkedHistory, 29);
  }

  TEST_CASE("at the end of a segment its successor's header confirms the anchor") {
    AnchoredBench bench(kEnd1);
    CHECK_EQ(Accepted(bench, 3).scanned_segments, 2);
    bench.Remove(1);
    Accepted(bench, 3);
    bench.anchors.front().batch_id.low ^= 1;
    CheckRefused(bench, Refusal::kForkedHistory, 29);
  }

  TEST_CASE("segments before the anchor are not scanned, but their headers are checked") {
    AnchoredBench bench(kC6);
    bench.Flip(1, bench.log.batches[kA1].offset + 140);
    CHECK_EQ(Accepted(bench, 7).batches, 2);
    CHECK(bench.Read(4).size() == 5);
    CHECK(bench.Read(1).front().starts_with("! "));
    bench.Flip(2, 60);
    CHECK(Says(Accepted(bench, 7), "HEADER_HEALED"));
    bench.Flip(2, kA + 60);
    CheckRefused(bench, Refusal::kHeaderLost, 13);
  }

  TEST_CASE("headers before the anchor must continue each other") {
    LogBuilder log;
    log.Segment();
    log.Batch({"a1"});
    log.next_seq = 7;
    log.Segment();
    log.next_seq = 3;
    log.Segment();
    log.Batch({"c3"});
    Bench bench(log);
    bench.anchors = {AnchorBehind(log.batches[1])};
    CheckRefused(bench, Refusal::kChainBroken, 11);
  }

  TEST_CASE("a log whose first segments were retired opens from an anchor") {
    AnchoredBench bench(kB5);
    bench.Remove(1);
    const RecoveryReport report = Accepted(bench, 5);
    CHECK_EQ(report.first_seq, 4);
    CHECK_EQ(bench.Read(4).size(), 5);
    CHECK(bench.Read(1).front().starts_with("! OUT_OF_RANGE"));
    bench.Remove(2);
    // SEGMENT_END stood between the anchor and segment 3: the seq alone must do.
    CHECK_EQ(Accepted(bench, 5).first_seq, 6);
  }

  TEST_CASE("a first segment without a record was retired: the next one continues its end") {
    LogBuilder log;
    log.Segment();
    log.End();
    log.Segment(1);
    log.Batch({"a1"});
    log.Batch({"b2"});
    log.Slot();
    Bench bench(log);
    bench.anchors.push_back(AnchorBehind(log.batches[1]));
    bench.disk.files.erase(log.Path(1));
    const RecoveryReport report = bench.Judge();
    CHECK_MESSAGE(!report.refused(), report.ToString());
    CHECK(bench.Read() == std::vector<std::string>{"a1", "b2"});
  }

  TEST_CASE("a retirement that did not finish leaves segments that no one needs") {
    AnchoredBench bench(kC6);
    bench.Remove(2);
    CHECK(Says(Accepted(bench, 7), "RETIRED_LEFTOVER"));
    CHECK_EQ(bench.Read(6).size(), 3);
    bench.anchors = {AnchorBehind(bench.log.batches[kA3])};
    CheckRefused(bench, Refusal::kMissingSegment, 16);
    bench.anchors.clear();
    CheckRefused(bench, Refusal::kMissingSegment, 16);
  }

  TEST_CASE("24: the newest of several anchors counts, whatever their order") {
    AnchoredBench bench(kA3);
    bench.Add(kC6);
    bench.Add(kB4);
    Accepted(bench, 7);
  }

  TEST_CASE("24: a snapshot that a header names and nobody gives is noted") {
    LogBuilder log = RotatedLog();
    log.snapshot_seq = 7;
    log.epoch = 2;
    log.Segment(3);
    Bench bench(log);
    bench.anchors = {AnchorBehind(log.batches[kB4])};
    const RecoveryReport report = Accepted(bench, 4);
    CHECK(Says(report, "OLDER_SNAPSHOT"));
    CHECK_EQ(report.rows.front(), 24);
    bench.anchors = {AnchorBehind(log.batches[kC6])};
    CHECK(Accepted(bench, 7).findings.empty());
    bench.anchors.clear();
    CHECK(Says(bench.Judge(), "OLDER_SNAPSHOT"));
    CHECK_EQ(bench.Read().size(), 8);
  }

  TEST_CASE("25: without an anchor a log from seq 1 is replayed from there") {
    Bench bench(RotatedLog());
    const RecoveryReport report = bench.Judge();
    CHECK_EQ(report.rows, std::vector<int>{25, 1});
    CHECK_FALSE(report.anchor.has_value());
    CHECK_EQ(bench.ReadBehindAnchor().size(), 8);
  }

  TEST_CASE("26: without an anchor a log that starts later has no base") {
    AnchoredBench bench(kB5);
    bench.anchors.clear();
    bench.Remove(1);
    CheckRefused(bench, Refusal::kNoBase, 26);
    const Finding finding = *bench.Judge().refusal_finding();
    CHECK_EQ(finding.first_seq, 1);
    CHECK_EQ(finding.last_seq, 3);
  }

  TEST_CASE("27: a log that ends before an anchor has lost something, or is an older copy") {
    AnchoredBench bench(kC8);
    LogBuilder more = bench.log;
    bench.anchors.push_back(AnchorBehind(more.Batch({"d9"})));
    CheckRefused(bench, Refusal::kLogBehindSnapshot, 27);
    bench.anchors.back().lsn += uint64_t{1} << 32;  // in a segment that is not there
    CheckRefused(bench, Refusal::kLogBehindSnapshot, 27);
  }

  TEST_CASE("27: a new log in place of one that a snapshot was taken of") {
    AnchoredBench bench(kC8);
    bench.disk.files.clear();
    bench.disk.directories.insert("log");
    bench.options.create = true;
    CheckRefused(bench, Refusal::kLogBehindSnapshot, 27);
  }

  TEST_CASE("an anchor proves what is in front of it durable") {
    AnchoredBench bench(kC8);
    bench.disk.files = Bench(RotatedLog()).disk.files;
    bench.Zero(3, 2 * kA, 2 * kA);  // no slot says so
    bench.Zero(3, bench.log.batches[kC8].offset, 512);
    CheckRefused(bench, Refusal::kCorruptAcked, 2);
    bench.Zero(3, bench.log.batches[kC8].offset, kA);
    CheckRefused(bench, Refusal::kLogBehindSnapshot, 27);
    bench.anchors = {AnchorBehind(bench.log.batches[kC6])};
    CHECK_EQ(bench.Judge().last_seq, 7);
  }

  TEST_CASE("28: records between the anchor and the log's first are missing") {
    AnchoredBench bench(kA1);
    bench.Remove(1);
    CheckRefused(bench, Refusal::kLogGap, 28);
    const Finding finding = *bench.Judge().refusal_finding();
    CHECK_EQ(finding.first_seq, 3);
    CHECK_EQ(finding.last_seq, 3);
  }

  TEST_CASE("29: a log that went on differently") {
    LogBuilder fork;
    fork.Segment();
    fork.Batch({"a1", "a2"});
    fork.Batch({"other"});
    AnchoredBench bench(kA3);
    Bench forked(fork);
    forked.anchors = bench.anchors;
    CheckRefused(forked, Refusal::kForkedHistory, 29);
    // Also an older anchor may show it.
    forked.anchors.push_back(AnchorBehind(fork.Batch({"more"})));
    Bench longer(fork);
    longer.anchors = forked.anchors;
    CheckRefused(longer, Refusal::kForkedHistory, 29);
  }

  TEST_CASE("29: an anchor where no batch ends, or behind the stated end of its segment") {
    AnchoredBench bench(kB4);
    bench.anchors.front().lsn += 10 * kA;
    CheckRefused(bench, Refusal::kForkedHistory, 29);
    LogBuilder log = RotatedLog();
    log.Batch({"long", std::string(5000, 'x')});
    log.Durable();
    Bench inside(log);
    inside.anchors = {AnchorBehind(log.batches.back())};
    inside.anchors.front().lsn -= kA;
    CheckRefused(inside, Refusal::kForkedHistory, 29);
  }

  TEST_CASE("an anchor that can be no place in a log is an invalid argument") {
    AnchoredBench bench(kB4);
    const auto refused = [&](Anchor anchor) {
      bench.anchors = {anchor};
      return absl::IsInvalidArgument(Recover(bench.options, bench.anchors).status());
    };
    const Anchor good = bench.anchors.front();
    CHECK(refused({.seq = 0, .lsn = good.lsn, .batch_id = good.batch_id}));
    CHECK(refused({.seq = 4, .lsn = good.lsn + 1, .batch_id = good.batch_id}));
    CHECK(refused({.seq = 4, .lsn = 4 * kA, .batch_id = good.batch_id}));
    CHECK(refused({.seq = 4, .lsn = uint64_t{1} << 32, .batch_id = good.batch_id}));
  }
}

}  // namespace stet::wal::recovery_anchor_test
