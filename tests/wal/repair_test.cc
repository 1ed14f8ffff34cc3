// Damages built logs, repairs them in memory, and opens what comes out.
#include "stet/wal/repair.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/wal/repair_fixture.h"

namespace stet::wal::repair_test {
namespace {

std::vector<std::string> Payloads(size_t count) {
  const std::vector<std::string> all = {"a1", "a2", "b3", "c4", std::string(1500, 'c')};
  return {all.begin(), all.begin() + static_cast<ptrdiff_t>(count)};
}

}  // namespace

TEST_SUITE("wal::Repair") {
  TEST_CASE("a flipped bit is set right, and nothing is lost") {
    const LogBuilder log = ThreeBatches();
    for (const uint64_t offset :
         {log.batches[0].offset + 140, log.batches[1].offset + 20, log.batches[2].offset + 900}) {
      Bench bench(log);
      bench.Flip(1, offset, 5);
      const auto manifest = Mended(&bench, {.fix_bit = true});
      REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
      CHECK_EQ(manifest->lost_records, 0);
      CHECK(manifest->losses.empty());
      REQUIRE_FALSE(manifest->changes.empty());
      CHECK_EQ(manifest->changes[0].action, "fix_bit");
      CHECK_EQ(manifest->changes[0].offset, offset);
      CHECK(Reopened(&bench) == Payloads(5));
    }
  }

  TEST_CASE("without `write` nothing is written, and the manifest is the same") {
    Bench bench(ThreeBatches());
    bench.Flip(1, 4 * kA + 140);
    const auto dry = Mended(&bench, {.fix_bit = true}, false);
    REQUIRE(dry.ok());
    CHECK_FALSE(dry->written);
    CHECK(std::ranges::none_of(bench.disk.files,
                               [](const auto& file) { return file.first.starts_with("new/"); }));
    const auto wet = Mended(&bench, {.fix_bit = true});
    CHECK(wet->written);
    CHECK_EQ(wet->changes.size(), dry->changes.size());
    CHECK_EQ(wet->last_seq, dry->last_seq);
  }

  TEST_CASE(
      "LOG_ID and header copies are rebuilt, byte for byte where nothing was lost with them") {
    const LogBuilder log = TwoSegments();
    Bench bench(log);
    bench.disk.files.erase("log/LOG_ID");
    bench.Zero(1, 0, 2 * kA);
    bench.Zero(2, 0, 2 * kA);
    // Both headers and LOG_ID: no one knows which log this is.
    CHECK_FALSE(Mended(&bench, kAll).ok());
    bench.disk.files["log/LOG_ID"] = log.LogIdBytes();
    const auto manifest = Mended(&bench, {.header = true});
    REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
    CHECK(manifest->losses.empty());
    CHECK(Reopened(&bench) == std::vector<std::string>{"a1", "b2", "c3"});
    Bench nameless(log);
    nameless.disk.files.erase("log/LOG_ID");
    REQUIRE(Mended(&nameless, {.log_id = true}).ok());
    CHECK(Reopened(&nameless) == std::vector<std::string>{"a1", "b2", "c3"});
    CHECK(nameless.disk.files.at("new/LOG_ID").substr(16, 16) == log.uuid);
  }

  TEST_CASE("what was not asked for is not done; the refusal says what would help") {
    Bench bench(ThreeBatches());
    bench.Flip(1, 4 * kA + 140);
    const auto refused = Mended(&bench, {.header = true});
    CHECK(absl::IsFailedPrecondition(refused.status()));
    CHECK_NE(refused.status().ToString().find("fix_bit would cure it"), std::string::npos);
    bench.File(1).replace(4 * kA, 300, 300, 'g');
    const auto worse = Mended(&bench, {.fix_bit = true});
    CHECK_NE(worse.status().ToString().find("accept_loss would"), std::string::npos);
    CHECK(absl::IsInvalidArgument(Mended(&bench, {}).status()));
  }

  TEST_CASE("a sound log, a live one, a target that exists or lies inside are refused") {
    Bench sound(ThreeBatches());
    CHECK_NE(Mended(&sound, kAll).status().ToString().find("opens as it is"), std::string::npos);
    Bench live(ThreeBatches());
    live.Flip(1, 4 * kA + 140);
    live.disk.holder = 4711;
    CHECK_NE(Mended(&live, kAll).status().ToString().find("4711"), std::string::npos);
    live.disk.holder.reset();
    live.disk.directories.insert("new");
    CHECK(absl::IsAlreadyExists(Mended(&live, kAll).status()));
    CHECK(absl::IsInvalidArgument(
        Repair({.source = live.options, .target = "log/new", .actions = kAll}).status()));
  }
}

TEST_SUITE("wal::Salvage") {
  TEST_CASE("the log ends before the first gap, and the manifest says what is lost") {
    const LogBuilder log = ThreeBatches();
    Bench bench(log);
    bench.File(1).replace(log.batches[1].offset, 300, 300, 'g');  // b3, which a slot promises
    const auto manifest = Mended(&bench, kAll);
    REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
    CHECK_EQ(manifest->refused, Refusal::kCorruptAcked);
    CHECK_EQ(manifest->last_seq, 2);
    CHECK_EQ(manifest->end_lsn, log.batches[1].lsn);
    CHECK_EQ(manifest->lost_records, 3);
    REQUIRE_EQ(manifest->losses.size(), 2);
    CHECK_EQ(manifest->losses[0].cause, "damaged");
    CHECK_EQ(manifest->losses[0].first_seq, 3);  // no header tells; its neighbours do
    CHECK_EQ(manifest->losses[0].last_seq, 3);
    CHECK_FALSE(manifest->losses[0].streams_complete);
    CHECK_EQ(manifest->losses[1].cause, "behind_gap");
    CHECK_EQ(manifest->losses[1].first_seq, 4);
    CHECK_EQ(manifest->losses[1].last_seq, 5);
    CHECK(manifest->losses[1].streams == std::vector<uint64_t>{9});
    CHECK(manifest->losses[1].streams_complete);
    CHECK(Did(*manifest, "cut"));
    CHECK(Did(*manifest, "drop_slot"));
    CHECK(Reopened(&bench) == Payloads(2));
    // The batches that are kept are the same bytes, what is cut is zero.
    const std::string& file = bench.disk.files.at("new/0000000000000001.wal");
    CHECK(file.substr(4 * kA, kA) == log.segments[0].bytes.substr(4 * kA, kA));
    CHECK(file.find_first_not_of('\0', 5 * kA) == std::string::npos);
    const std::string& json = bench.disk.files.at("new/loss-manifest.json");
    CHECK_NE(json.find("\"lost_records\": 3"), std::string::npos);
    CHECK_NE(json.find("\"streams\": [\"0000000000000009\"]"), std::string::npos);
    CHECK_NE(json.find("\"written\": true"), std::string::npos);
  }

  TEST_CASE("a lost tail is as long as the slot says") {
    const LogBuilder log = ThreeBatches();
    Bench bench(log);
    bench.Zero(1, log.batches[1].offset, (128 << 10) - log.batches[1].offset);
    const auto manifest = Mended(&bench, kAll);
    REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
    CHECK_EQ(manifest->last_seq, 2);
    REQUIRE_EQ(manifest->losses.size(), 1);
    CHECK_EQ(manifest->losses[0].cause, "zeros");
    CHECK_EQ(manifest->losses[0].first_seq, 3);
    CHECK_EQ(manifest->losses[0].last_seq, 3);
    CHECK_FALSE(manifest->lost_complete);  // seq 4 and 5 were there; nothing tells
    CHECK(Reopened(&bench) == Payloads(2));
  }

  TEST_CASE("a missing segment ends the log before it; what stands behind is listed") {
    LogBuilder log = TwoSegments();
    log.End();
    log.Segment();
    log.Batch({"d4", "d5"});
    log.Slot();
    Bench bench(log);
    bench.disk.files.erase(log.Path(2));
    const auto manifest = Mended(&bench, kAll);
    REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
    CHECK_EQ(manifest->last_seq, 2);
    REQUIRE_EQ(manifest->losses.size(), 2);
    CHECK_EQ(manifest->losses[0].cause, "missing");
    CHECK_EQ(manifest->losses[0].first_seq, 3);
    CHECK_EQ(manifest->losses[0].last_seq, 3);
    CHECK_EQ(manifest->losses[1].first_seq, 4);
    CHECK_EQ(manifest->losses[1].last_seq, 5);
    CHECK_EQ(manifest->lost_records, 3);
    CHECK(Reopened(&bench) == std::vector<std::string>{"a1", "b2"});
    bench.disk.files.erase(log.Path(3));  // the last one: only its promise is left
    bench.disk.files.erase("new/LOG_ID");
    std::erase_if(bench.disk.files,
                  [](const auto& file) { return file.first.starts_with("new/"); });
    bench.disk.directories.clear();
    const auto shorter = Mended(&bench, kAll);
    REQUIRE_MESSAGE(shorter.ok(), shorter.status().ToString());
    REQUIRE_EQ(shorter->losses.size(), 1);
    CHECK_EQ(shorter->losses[0].cause, "missing");
    CHECK_FALSE(shorter->lost_complete);
  }

  TEST_CASE("an unreadable block, a misnamed file, a foreign segment, a short file") {
    const LogBuilder log = TwoSegments();
    Bench unreadable(log);
    unreadable.disk.unreadable[log.Path(2)] = {4 * kA};
    REQUIRE(Mended(&unreadable, kAll).ok());
    CHECK(Reopened(&unreadable) == std::vector<std::string>{"a1", "b2"});
    Bench misnamed(log);
    misnamed.disk.files["log/copy.wal"] = "x";
    REQUIRE(Mended(&misnamed, kAll).ok());
    CHECK(Reopened(&misnamed) == std::vector<std::string>{"a1", "b2", "c3"});
    Bench foreign(log);
    LogBuilder other = TwoSegments();
    other.uuid = "fedcba9876543210";
    LogBuilder again;
    again.uuid = other.uuid;
    again.Segment();
    foreign.File(2) = again.segments[0].bytes;
    const auto manifest = Mended(&foreign, kAll);
    REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
    CHECK_EQ(manifest->losses[0].cause, "foreign");
    CHECK(Reopened(&foreign) == std::vector<std::string>{"a1", "b2"});
    Bench cut(log);
    cut.File(2).resize(4 * kA);
    REQUIRE(Mended(&cut, kAll).ok());
    CHECK(Reopened(&cut) == std::vector<std::string>{"a1", "b2"});
  }

  TEST_CASE("of a log whose beginning is lost nothing is kept") {
    Bench bench(TwoSegments());
    bench.disk.files.erase("log/0000000000000001.wal");
    const auto manifest = Mended(&bench, kAll);
    CHECK(absl::IsDataLoss(manifest.status()));
    CHECK_NE(manifest.status().ToString().find("starts at segment 2 with seq 3"),
             std::string::npos);
  }

  TEST_CASE("whatever block is overwritten, what is salvaged opens and is a beginning") {
    const LogBuilder log = TwoSegments();
    const std::vector<std::string> all = {"a1", "b2", "c3"};
    for (uint64_t segno = 1; segno <= 2; ++segno) {
      for (uint64_t block = 0; block < 8; ++block) {
        for (const char fill : {'\0', 'g'}) {
          Bench bench(log);
          bench.File(segno).replace(block * kA, kA, kA, fill);
          if (!Examine(bench.options).refused()) continue;
          const auto manifest = Mended(&bench, kAll);
          INFO("segment " << segno << " block " << block << " filled with " << int{fill});
          REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
          const std::vector<std::string> kept = Reopened(&bench);
          REQUIRE_LE(kept.size(), all.size());
          CHECK(std::equal(kept.begin(), kept.end(), all.begin()));
          CHECK_EQ(manifest->last_seq, kept.size());
          // Either all is there, or the manifest says that it is not.
          const bool told = manifest->lost_records > 0 || !manifest->lost_complete;
          CHECK((kept.size() == all.size() || told));
        }
      }
    }
  }
}

}  // namespace stet::wal::repair_test
