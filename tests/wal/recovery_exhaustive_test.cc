// Every crash of a kind, and every flipped bit: the claim of wal/README.md in both directions.
#include <cstdlib>

#include <doctest/doctest.h>

#include "tests/wal/recovery_fixture.h"

namespace stet::wal::recovery_exhaustive_test {
namespace {

// Whether the log opens with all three acknowledged records, and with the other two or without.
bool OpensWithAcked(Bench& bench, bool may_have_last) {
  const RecoveryReport report = bench.Judge();
  INFO(report.ToString());
  CHECK(bench.same);
  if (report.refused()) return false;
  const std::vector<std::string> read = bench.Read();
  if (read.size() == 5) return may_have_last;
  return read == std::vector<std::string>{"a1", "a2", "b3"};
}

}  // namespace

TEST_SUITE("wal::recovery exhaustive") {
  TEST_CASE("cut at any byte up to the first sector behind its end, a log is refused") {
    const LogBuilder log = ThreeBatches();
    const BuiltBatch& last = log.batches[2];
    Bench bench(log);
    const std::string whole = bench.File(1);
    for (uint64_t size = last.offset; size < last.offset + last.bytes + 600; ++size) {
      bench.File(1) = whole.substr(0, size);
      CAPTURE(size);
      // No crash shortens a file: what is gone may have been acknowledged.
      const RecoveryReport report = bench.Judge();
      REQUIRE(bench.same);
      REQUIRE_EQ(report.refusal,
                 size < last.offset + last.bytes + 512 ? Refusal::kTruncated : Refusal::kNone);
    }
  }

  TEST_CASE("with every subset of its sectors missing, the last batch is in or out, nothing else") {
    LogBuilder log;
    log.Segment();
    log.Batch({"a1", "a2"});
    log.Durable();
    log.Batch({"b3"});
    log.Slot();
    // Ten sectors; one of them is zeros by content.
    const BuiltBatch last =
        log.Batch({std::string(1000, 'c') + std::string(1100, '\0'), std::string(2700, 'd')});
    const uint64_t sectors = (last.content + 511) / 512;
    REQUIRE_EQ(sectors, 10);
    Bench bench(log);
    const std::string whole = bench.File(1);
    for (uint32_t missing = 0; missing < 1U << sectors; ++missing) {
      bench.File(1) = whole;
      for (uint32_t i = 0; i < sectors; ++i) {
        if ((missing >> i & 1) != 0) bench.Zero(1, last.offset + i * 512, 512);
      }
      CAPTURE(missing);
      REQUIRE(OpensWithAcked(bench, bench.File(1) == whole));
    }
  }

  TEST_CASE("with every subset of the sectors of two batches in flight") {
    LogBuilder log;
    log.Segment();
    log.Batch({"a1", "a2"});
    log.Durable();
    log.Batch({"b3"});
    log.Slot();
    const BuiltBatch first = log.Batch({std::string(1800, 'c')});
    const BuiltBatch second = log.Batch({std::string(1800, 'd')});
    Bench bench(log);
    const std::string whole = bench.File(1);
    for (uint32_t missing = 0; missing < 256; ++missing) {
      bench.File(1) = whole;
      for (uint32_t i = 0; i < 8; ++i) {
        const BuiltBatch& batch = i < 4 ? first : second;
        if ((missing >> i & 1) != 0) bench.Zero(1, batch.offset + i % 4 * 512, 512);
      }
      const RecoveryReport report = bench.Judge();
      CAPTURE(missing);
      INFO(report.ToString());
      REQUIRE(bench.same);
      const uint64_t expected = (missing & 15) != 0 ? 3 : missing != 0 ? 4 : 5;
      REQUIRE_FALSE(report.refused());
      REQUIRE_EQ(report.last_seq, expected);
    }
  }

  TEST_CASE("a tear inside any sector of the last batch is refused, never taken for an end") {
    const LogBuilder log = ThreeBatches();
    const BuiltBatch& last = log.batches[2];
    Bench bench(log);
    const std::string whole = bench.File(1);
    // From the sector's start on new, then old; the old bytes are zeros.
    for (uint64_t at = last.offset + 1; at < last.offset + last.content; at += 3) {
      if (at % 512 == 0) continue;
      const uint64_t rest = 512 - at % 512;
      bench.File(1) = whole;
      bench.Zero(1, at, rest);
      if (bench.File(1) == whole) continue;  // only zeros were torn off
      const RecoveryReport report = bench.Judge();
      CAPTURE(at);
      INFO(report.ToString());
      REQUIRE(bench.same);
      REQUIRE_EQ(report.refusal, Refusal::kSuspectTail);
    }
  }

  TEST_CASE("no flipped bit shortens what was acknowledged without an error") {
    LogBuilder log;
    log.segment_bytes = 64 << 10;
    log.Segment();
    log.Batch({"a1", "a2"});
    log.Durable();
    log.Batch({"b3"});
    log.End();
    log.Segment(1);
    log.Batch({"c4", std::string(300, '\0')});
    log.Durable();
    log.Batch({"d6"});
    log.Slot();
    Bench bench(log);
    const std::vector<std::string> all = bench.Read();
    REQUIRE_EQ(all.size(), 6);
    uint64_t refused = 0;
    const auto flip = [&](uint64_t segment, uint64_t offset, int bit) {
      bench.Flip(segment, offset, bit);
      const RecoveryReport report = Examine(bench.options);
      CAPTURE(segment);
      CAPTURE(offset);
      CAPTURE(bit);
      INFO(report.ToString());
      if (report.refused()) {
        ++refused;
        REQUIRE_FALSE(report.refusal_finding()->file.empty());
      } else {
        REQUIRE_EQ(report.last_seq, 6);
      }
      if (bit == 0 && !report.refused()) REQUIRE_EQ(bench.Read(), all);
      bench.Flip(segment, offset, bit);
    };
    for (uint64_t segment = 1; segment <= 2; ++segment) {
      const std::string bytes = bench.File(segment);
      for (uint64_t offset = 0; offset < bytes.size(); ++offset) {
        // Every bit of what is written, one bit of every 16th byte of zeros.
        const bool written = bytes[offset] != 0;
        for (int bit = 0; bit < (written ? 8 : 1); ++bit) {
          if (written || offset % 16 == 0) flip(segment, offset, bit);
        }
      }
    }
    CHECK_GT(refused, 1000);
  }
}

}  // namespace stet::wal::recovery_exhaustive_test
