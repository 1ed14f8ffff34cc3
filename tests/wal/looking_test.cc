// What the tools' functions say of logs whose damage was planted byte by byte.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "stet/wal/explain.h"
#include "stet/wal/follow.h"
#include "stet/wal/inspect.h"
#include "stet/wal/map.h"
#include "stet/wal/statistics.h"
#include "tests/wal/recovery_fixture.h"

namespace stet::wal::looking_test {
namespace {

Explanation Explained(const Bench& bench, uint64_t lsn) {
  const absl::StatusOr<Explanation> said = Explain(bench.options, lsn);
  REQUIRE_MESSAGE(said.ok(), said.status().ToString());
  return *said;
}

std::string Drawn(const Bench& bench, size_t segment = 0) {
  const auto maps = MapBlocks(bench.options);
  REQUIRE_MESSAGE(maps.ok(), maps.status().ToString());
  std::string text;
  for (const Block block : maps->at(segment).blocks) text += SymbolOf(block);
  return text.substr(0, text.find_last_not_of('.') + 1);
}

// What a follower gives until nothing is new: seqs, and "!" for damage.
std::string Followed(Follower* follower) {
  std::string text;
  for (;;) {
    const absl::StatusOr<News> news = follower->Next();
    REQUIRE_MESSAGE(news.ok(), news.status().ToString());
    if (*news == News::kNothing) return text;
    if (*news == News::kDamage) text += "! ";
    if (*news == News::kRetired) text += "retired ";
    if (*news != News::kBatch) continue;
    for (const Record& record : follower->span().records) text += std::to_string(record.seq) + " ";
  }
}

}  // namespace

TEST_SUITE("wal::MapBlocks") {
  TEST_CASE("each kind of block has its character") {
    const LogBuilder log = ThreeBatches();
    Bench bench(log);
    CHECK_EQ(Drawn(bench), "HHW_BBB");
    bench.Flip(1, log.batches[0].offset + 140);
    CHECK_EQ(Drawn(bench), "HHW_XDB");
    bench.Zero(1, 0, kA);
    bench.Flip(1, 2 * kA + 9);
    CHECK_EQ(Drawn(bench), ".HX_XDB");
    bench.disk.unreadable[log.Path(1)] = {log.batches[1].offset};
    CHECK_EQ(Drawn(bench), ".HX_X!D");
    bench.File(1).resize(6 * kA);
    CHECK_EQ(Drawn(bench).substr(6, 3), "---");
    const Bench two(TwoSegments());
    CHECK_EQ(Drawn(two, 0), "HH__BBE");
    CHECK_EQ(Drawn(two, 1), "HHW_B");
  }

  TEST_CASE("what stands behind the end that the next segment states is dead") {
    LogBuilder log = ThreeBatches();
    LogBuilder cut = log;
    cut.offset = log.batches[2].offset;
    cut.next_seq = log.batches[2].first_seq;
    cut.last_id = log.batches[1].id;
    cut.last_lsn = log.batches[1].lsn;
    cut.Segment(3);
    const Bench bench(cut);
    CHECK_EQ(Drawn(bench, 0), "HHW_BBx");
    CHECK_EQ(Explained(bench, log.batches[2].lsn).cause, Cause::kDead);
  }
}

TEST_SUITE("wal::ListSegments") {
  TEST_CASE("a segment that goes while others are looked at was retired, and is not missed") {
    const LogBuilder log = TwoSegments();
    Bench bench(log);
    bench.disk.on_open = [&](const std::string& path) {
      if (path == log.Path(1)) bench.disk.files.erase(path);
    };
    const auto infos = ListSegments(bench.options);
    REQUIRE_MESSAGE(infos.ok(), infos.status().ToString());
    REQUIRE_EQ(infos->size(), 1);
    CHECK_EQ(infos->front().segno, 2);
  }
}

TEST_SUITE("wal::CollectStatistics") {
  TEST_CASE("records, bytes and padding add up to what the batches take") {
    const LogBuilder log = ThreeBatches();
    const Bench bench(log);
    const Statistics all = *CollectStatistics(bench.options, GroupBy::kType);
    CHECK_EQ(all.records, 5);
    CHECK_EQ(all.batches, 3);
    CHECK_EQ(all.last_seq, 5);
    CHECK_EQ(all.payload_bytes, 4 * 2 + 1500);
    CHECK_EQ(all.batch_total_bytes(), 3 * kA);
    CHECK_EQ(all.payload_bytes + all.record_header_bytes + all.record_padding_bytes +
                 all.batch_header_bytes + all.batch_padding_bytes,
             all.batch_total_bytes());
    CHECK_EQ(all.batch_records.max, 2);
    CHECK_EQ(all.damaged_places, 0);
    REQUIRE_EQ(all.groups.size(), 1);
    CHECK_EQ(all.groups.at(3).records, 5);
    CHECK_EQ(all.groups.at(3).batches, 3);
    CHECK_GT(all.write_amplification(), 1);
    CHECK_EQ(all.rotations.size(), 1);
  }

  TEST_CASE("damage is counted, and the rest too") {
    Bench bench(ThreeBatches());
    bench.Flip(1, 5 * kA + 140);
    const Statistics all = *CollectStatistics(bench.options);
    CHECK_EQ(all.damaged_places, 1);
    CHECK_EQ(all.records, 4);
  }
}

TEST_SUITE("wal::Find") {
  TEST_CASE("a record is found by seq, place, stream and time") {
    const LogBuilder log = TwoSegments();
    const Bench bench(log);
    CHECK_EQ(Find(bench.options, {.seq = 3})->payload, "c3");
    CHECK_EQ(Find(bench.options, {.lsn = log.batches[1].lsn})->payload, "b2");
    CHECK_EQ(Find(bench.options, {.lsn = log.batches[1].lsn + 130})->payload, "b2");
    CHECK_EQ(Find(bench.options, {.stream = 9})->seq, 1);
    CHECK_EQ(Find(bench.options, {.time_ns = 1'700'000'000'000'000'001})->seq, 2);
    CHECK(absl::IsNotFound(Find(bench.options, {.seq = 4}).status()));
    CHECK(absl::IsNotFound(Find(bench.options, {.stream = 8}).status()));
    CHECK(absl::IsInvalidArgument(Find(bench.options, {}).status()));
    CHECK(absl::IsInvalidArgument(Find(bench.options, {.seq = 1, .lsn = 1}).status()));
  }
}

TEST_SUITE("wal::Diff") {
  TEST_CASE("a log equals itself, and a longer one goes on where the shorter ends") {
    const LogBuilder log = ThreeBatches();
    const Bench whole(log);
    CHECK(Diff(whole.options, whole.options)->equal);
    Bench shorter(log);
    shorter.Zero(1, log.batches[2].offset, kA);
    const Difference difference = *Diff(whole.options, shorter.options);
    CHECK_FALSE(difference.equal);
    CHECK(difference.same_log);
    CHECK_FALSE(difference.fork_lsn.has_value());
    CHECK_EQ(difference.common_last_seq, 3);
    REQUIRE_EQ(difference.only.size(), 1);
    CHECK_EQ(difference.only[0].side, 0);
    CHECK_EQ(difference.only[0].first_seq, 4);
    CHECK_EQ(difference.only[0].last_seq, 5);
  }

  TEST_CASE("two histories fork at the first batch that differs") {
    LogBuilder a = ThreeBatches();
    LogBuilder b = ThreeBatches();
    a.Batch({"left"});
    b.Batch({"right"});
    b.Batch({"more"});
    const Bench left(a);
    const Bench right(b);
    const Difference difference = *Diff(left.options, right.options);
    CHECK_FALSE(difference.equal);
    CHECK_EQ(difference.fork_lsn, a.batches[3].lsn);
    CHECK_EQ(difference.fork_seq, 6);
    CHECK_EQ(difference.common_batches, 3);
    REQUIRE_EQ(difference.only.size(), 2);
    CHECK_EQ(difference.only[0].last_seq, 6);
    CHECK_EQ(difference.only[1].last_seq, 7);
    CHECK_EQ(difference.only[1].batches, 2);
  }
}

TEST_SUITE("wal::Follower") {
  TEST_CASE("nothing is given before something names it durable") {
    LogBuilder log = ThreeBatches();  // seq 4 and 5 are named by nothing
    Bench bench(log);
    Follower follower = *Follower::Open(bench.options);
    CHECK_EQ(Followed(&follower), "1 2 3 ");
    CHECK_EQ(Followed(&follower), "");
    log.Durable();
    log.Batch({"d6"});
    log.Store(&bench.disk);
    CHECK_EQ(Followed(&follower), "4 5 ");
    log.Slot();
    log.Store(&bench.disk);
    CHECK_EQ(Followed(&follower), "6 ");
    CHECK_EQ(follower.durable_lsn(), log.durable_lsn);
  }

  TEST_CASE("it goes on in the next segment, up to the end that this states") {
    const Bench bench(TwoSegments());
    Follower follower = *Follower::Open(bench.options);
    CHECK_EQ(Followed(&follower), "1 2 3 ");
    Follower late = *Follower::Open(bench.options, 2);
    CHECK_EQ(Followed(&late), "2 3 ");
  }

  TEST_CASE("damage of what is durable is told, and what stands behind it comes next") {
    Bench bench(ThreeBatches());
    bench.Flip(1, 4 * kA + 140);
    Follower follower = *Follower::Open(bench.options);
    CHECK_EQ(Followed(&follower), "! 3 ");
  }

  TEST_CASE("a file that is another segment by now was retired while it was read") {
    Bench bench(ThreeBatches());
    Follower follower = *Follower::Open(bench.options);
    CHECK_EQ(Followed(&follower), "1 2 3 ");
    LogBuilder recycled;
    recycled.segments.resize(1);  // the segment 2 of a log whose first one is gone
    recycled.next_seq = 10;
    recycled.Segment();
    recycled.Batch({"j10"});
    recycled.Slot();
    bench.disk.files[recycled.Path(2)] = recycled.segments[1].bytes;
    bench.File(1).assign(128 << 10, '\0');
    CHECK_EQ(Followed(&follower), "retired 10 ");
    CHECK_EQ(follower.lost(), 6);
  }
}

}  // namespace stet::wal::looking_test
