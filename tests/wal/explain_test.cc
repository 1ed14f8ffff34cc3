// What Explain says of logs whose damage was planted byte by byte.
#include "stet/wal/explain.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/wal/recovery_fixture.h"

namespace stet::wal::explain_test {
namespace {

Explanation Explained(const Bench& bench, uint64_t lsn) {
  const absl::StatusOr<Explanation> said = Explain(bench.options, lsn);
  REQUIRE_MESSAGE(said.ok(), said.status().ToString());
  return *said;
}

const Field& FieldNamed(const Explanation& said, std::string_view name) {
  const auto it = std::ranges::find(said.fields, name, &Field::name);
  REQUIRE(it != said.fields.end());
  return *it;
}

// "structure: cause" on a line each.
std::string Told(const std::vector<Explanation>& all) {
  std::string told;
  for (const Explanation& one : all) {
    told += one.structure + ": " + std::string(ToString(one.cause)) + "\n";
  }
  return told;
}

}  // namespace

TEST_SUITE("wal::Explain") {
  TEST_CASE("what is intact is said to be: headers, slots, batches, records, unused space") {
    const LogBuilder log = ThreeBatches();
    const Bench bench(log);
    for (const uint64_t block : {0, 1}) {
      const Explanation said = Explained(bench, log.Lsn(block * kA));
      CHECK_MESSAGE(said.cause == Cause::kIntact, said.text);
    }
    CHECK_EQ(Explained(bench, log.Lsn(2 * kA)).cause, Cause::kIntact);
    CHECK_EQ(Explained(bench, log.Lsn(3 * kA)).cause, Cause::kUnused);
    const Explanation batch = Explained(bench, log.batches[1].lsn);
    CHECK_EQ(batch.structure, "batch");
    CHECK_EQ(batch.cause, Cause::kIntact);
    CHECK_EQ(batch.first_seq, 3);
    CHECK(std::ranges::all_of(batch.fields, &Field::ok));
    const Explanation record = Explained(bench, log.batches[0].lsn + 128 + 48 + 3);
    CHECK_EQ(record.structure, "record");
    CHECK_EQ(record.first_seq, 2);
    CHECK(std::ranges::all_of(record.fields, &Field::ok));
    CHECK_EQ(Explained(bench, log.Lsn(100 << 10)).cause, Cause::kUnused);
    CHECK_EQ(Explained(bench, 0).structure, "LOG_ID");
  }

  TEST_CASE("a flipped bit is found wherever it is, also in a body of any size") {
    LogBuilder log;
    log.Segment();
    log.Batch({std::string(30'000, 'x'), "small"});
    log.Batch({"z"});
    // Batch header, record header, its length, payload, the record behind, padding.
    const uint64_t at = log.batches[0].offset;
    const uint64_t second = at + 128 + 30'032;
    for (const uint64_t offset :
         {at + 20, at + 132, second, second + 33, second + 38, at + log.batches[0].bytes - 5}) {
      Bench bench(log);
      bench.Flip(1, offset, 6);
      const Explanation said = Explained(bench, log.batches[0].lsn);
      INFO(offset << ": " << said.text);
      CHECK_EQ(said.cause, Cause::kBitFlip);
      REQUIRE(said.flip.has_value());
      CHECK_EQ(said.flip->offset, offset);
      CHECK_EQ(said.flip->bit, 6);
      REQUIRE_EQ(said.differences.size(), 1);
      CHECK_EQ(said.differences[0].found.size(), said.differences[0].expected.size());
    }
  }

  TEST_CASE("flips in header copies and slots are found; the other copy says what was there") {
    const LogBuilder log = ThreeBatches();
    for (const uint64_t offset : {uint64_t{60}, kA + 5, 2 * kA + 27}) {
      Bench bench(log);
      bench.Flip(1, offset, 3);
      const Explanation said = Explained(bench, log.Lsn(offset));
      CHECK_MESSAGE(said.cause == Cause::kBitFlip, said.text);
      CHECK_EQ(said.flip->offset, offset);
    }
    Bench bench(log);
    bench.Zero(1, 0, 100);
    const Explanation said = Explained(bench, log.Lsn(0));
    CHECK_FALSE(said.differences.empty());
    CHECK_FALSE(FieldNamed(said, "magic").ok);
    CHECK_EQ(FieldNamed(said, "segno").expected, "1");
  }

  TEST_CASE("torn, zeroed, misdirected, stale and overwritten batches are told apart") {
    const LogBuilder log = ThreeBatches();
    Bench torn(log);
    torn.Zero(1, log.batches[2].offset + 512, 512);
    CHECK_EQ(Explained(torn, log.batches[2].lsn).cause, Cause::kTorn);
    Bench zeros(log);
    zeros.Zero(1, log.batches[1].offset, (128 << 10) - log.batches[1].offset);
    const Explanation lost = Explained(zeros, log.batches[1].lsn);
    CHECK_EQ(lost.cause, Cause::kZeros);
    CHECK_NE(lost.text.find("watermark slot"), std::string::npos);
    Bench moved(log);
    moved.File(1).replace(log.batches[1].offset, kA, log.segments[0].bytes, log.batches[0].offset,
                          kA);
    const Explanation misdirected = Explained(moved, log.batches[1].lsn);
    CHECK_EQ(misdirected.cause, Cause::kMisdirected);
    CHECK_EQ(misdirected.from_lsn, log.batches[0].lsn);
    Bench unreadable(log);
    unreadable.disk.unreadable[log.Path(1)] = {log.batches[1].offset};
    CHECK_EQ(Explained(unreadable, log.batches[1].lsn).cause, Cause::kUnreadable);
    Bench garbage(log);
    garbage.File(1).replace(log.batches[1].offset, 64, 64, 'g');
    CHECK_EQ(Explained(garbage, log.batches[1].lsn).cause, Cause::kDamaged);
    Bench cut(log);
    cut.File(1).resize(log.batches[1].offset);
    CHECK_EQ(Explained(cut, log.batches[1].lsn).cause, Cause::kMissing);
  }

  TEST_CASE("a batch of another segment is misdirected, one of no segment is stale") {
    const LogBuilder log = TwoSegments();
    Bench moved(log);
    moved.File(1).replace(log.batches[1].offset, kA, log.segments[1].bytes, 4 * kA, kA);
    const Explanation said = Explained(moved, log.batches[1].lsn);
    CHECK_EQ(said.cause, Cause::kMisdirected);
    CHECK_EQ(said.from_lsn, log.batches[3].lsn);
    moved.disk.files.erase(log.Path(2));
    CHECK_EQ(Explained(moved, log.batches[1].lsn).cause, Cause::kStale);
  }

  TEST_CASE("a segment of another log is foreign, a copy under another name misdirected") {
    LogBuilder log = TwoSegments();
    Bench bench(log);
    Bench foreign(log);
    LogBuilder again;
    again.uuid = "fedcba9876543210";
    again.Segment();
    again.Batch({"a1"});
    foreign.File(1) = again.segments[0].bytes;
    CHECK_EQ(Explained(foreign, log.Lsn(0) - (uint64_t{1} << 32)).cause, Cause::kForeign);
    bench.File(2) = log.segments[0].bytes;
    CHECK_EQ(Explained(bench, log.Lsn(0)).cause, Cause::kMisdirected);
  }

  TEST_CASE("places that are not there are refused with what is") {
    const Bench bench(ThreeBatches());
    CHECK(absl::IsNotFound(Explain(bench.options, uint64_t{7} << 32).status()));
    CHECK(absl::IsOutOfRange(Explain(bench.options, 1ULL << 32 | 1 << 20).status()));
    CHECK(absl::IsNotFound(ExplainSeq(bench.options, 99).status()));
    CHECK_EQ(ExplainSeq(bench.options, 4)->first_seq, 4);
    Bench damaged(ThreeBatches());
    damaged.File(1).replace(5 * kA, 128, 128, 'g');
    const Explanation lost = *ExplainSeq(damaged.options, 3);
    CHECK_EQ(lost.offset, 5 * kA);
    CHECK_EQ(lost.cause, Cause::kDamaged);
  }
}

TEST_SUITE("wal::ExplainDamage") {
  TEST_CASE("of a sound log there is nothing to explain, nor of one that was never used up") {
    const Bench bench(ThreeBatches());
    CHECK(ExplainDamage(bench.options)->empty());
    const Bench two(TwoSegments());
    CHECK(ExplainDamage(two.options)->empty());
  }

  TEST_CASE("every damaged place is listed, also behind the one at which open refuses") {
    LogBuilder log = TwoSegments();
    log.Batch({"d4"});
    Bench bench(log);
    bench.Flip(1, kA + 40);                        // copy B: the other counts
    bench.Flip(1, log.batches[0].offset + 140);    // a1
    bench.Zero(1, log.batches[1].offset, kA);      // b2: a lost write
    bench.Flip(2, 2 * kA + 30);                    // the slot
    bench.File(2).replace(4 * kA, 200, 200, 'g');  // c3
    bench.disk.files.at("log/LOG_ID")[20] ^= 1;
    const std::vector<Explanation> all = *ExplainDamage(bench.options);
    CHECK_EQ(Told(all),
             "LOG_ID: bit_flip\n"
             "segment header copy B: bit_flip\n"
             "batch: bit_flip\n"
             "unused space: zeros\n"
             "watermark slot 0: bit_flip\n"
             "batch: damaged\n");
    REQUIRE_EQ(all.size(), 6);
    CHECK(all[1].spare);
    CHECK(all[2].promised);
    CHECK(all[3].promised);
    CHECK_EQ(ExplainDamage(bench.options, 2)->size(), 2);
  }

  TEST_CASE("missing segments, names that are none, and sums that are wrong are listed") {
    LogBuilder log;
    log.Segment();
    log.Batch({"a1"});
    Image body;
    body.Put<uint64_t>(0, 2);
    body.Put<uint64_t>(8, log.salt() + 1);
    body.Put<uint64_t>(16, 7);  // records; one is there
    body.Put<uint64_t>(24, 1);
    body.Put<uint64_t>(32, 2);
    body.Put<uint64_t>(40, 0);
    log.Batch({}, 2, body.bytes);
    log.Durable();
    for (int i = 0; i < 2; ++i) {
      log.Segment();
      log.Batch({"b"});
      log.End();
    }
    log.Segment();
    Bench bench(log);
    bench.disk.files.erase(log.Path(2));
    bench.disk.files["log/one.wal"] = "x";
    const std::vector<Explanation> all = *ExplainDamage(bench.options);
    CHECK_EQ(Told(all), "file: damaged\nsegment end: unchained\nsegment: missing\n");
  }
}

}  // namespace stet::wal::explain_test
