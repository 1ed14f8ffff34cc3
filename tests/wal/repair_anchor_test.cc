// Repairs of logs that begin later, with the anchors of snapshots; and repairs that a crash ends.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"
#include "tests/wal/repair_fixture.h"

namespace stet::wal::repair_anchor_test {
namespace {

// Two finished segments and one in use, each of two batches of one record.
LogBuilder ThreeSegments() {
  LogBuilder log;
  for (const auto& [first, second] : {std::pair("a1", "b2"), {"c3", "d4"}, {"e5", "f6"}}) {
    log.Segment();
    log.Batch({first});
    log.Batch({second});
    if (log.segno() < 3) log.End();
  }
  log.Slot();
  return log;
}

}  // namespace

TEST_SUITE("wal::Repair, crashes") {
  TEST_CASE("the power goes at each call of a repair: the new log opens whole, or never") {
    SimStorage whole;
    Options options = SimOptions(&whole);
    {
      const auto writer = OpenWriter(options);
      REQUIRE(writer.ok());
      for (const char* text : {"a1", "b2", "c3"}) {
        REQUIRE(AppendText(writer->get(), {text}).ok());
        REQUIRE((*writer)->Flush().ok());
      }
    }
    const std::string path = "/log/0000000000000001.wal";
    whole.disk().Find(path)->FlipBit(4 * kA + 140, 3);
    const SimDisk damaged = whole.disk();
    for (uint64_t call = 1, last = 1; call <= last; ++call) {
      for (const CrashPolicy policy : {CrashPolicy::kLoseAll, CrashPolicy::kKeepAll}) {
        CAPTURE(call);
        SimStorage storage(damaged);
        storage.faults.die_at_call = call;
        options.storage = &storage;
        const auto manifest = Repair(
            {.source = options, .target = "/new", .actions = {.fix_bit = true}, .write = true});
        if (storage.dead()) last = call + 1;
        CHECK_EQ(manifest.ok(), !storage.dead());
        SimStorage after(storage.Crash(policy));
        CHECK(after.disk().Find(path)->All() == damaged.Find(path)->All());
        const RecoveryReport report = Examine({.directory = "/new", .storage = &after});
        const bool begun = after.disk().Find("/new/LOG_ID") != nullptr;
        CHECK_MESSAGE(report.refused() != begun, report.ToString());
        if (begun) CHECK_EQ(report.last_seq, 3);
        if (manifest.ok()) CHECK(begun);
      }
    }
  }
}

TEST_SUITE("wal::Repair, anchors") {
  TEST_CASE(
      "a log that begins later is repaired with the anchor of a snapshot, and with no other") {
    LogBuilder log = ThreeSegments();
    Bench bench(log);
    bench.disk.files.erase(log.Path(1));
    bench.Flip(3, log.batches.back().offset + 150);
    CHECK(absl::IsDataLoss(Mended(&bench, kAll).status()));
    const Anchor anchor = AnchorBehind(log.batches[3]);  // c3, in segment 2
    for (const RepairActions& actions : {RepairActions{.fix_bit = true}, kAll}) {
      Bench one;
      one.disk.files = bench.disk.files;
      one.anchors = {anchor};
      const auto manifest = Mended(&one, actions);
      REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
      CHECK(manifest->losses.empty());
      CHECK_EQ(manifest->first_seq, 3);
      CHECK_EQ(manifest->last_seq, 6);
      CHECK(Reopened(&one, 3) == std::vector<std::string>{"c3", "d4", "e5", "f6"});
    }
    Anchor other = anchor;
    other.batch_id.low ^= 1;
    bench.anchors = {other};
    CHECK_FALSE(Mended(&bench, kAll).ok());
  }

  TEST_CASE("behind the anchor salvage ends the log before the damage") {
    LogBuilder log = ThreeSegments();
    Bench bench(log);
    bench.disk.files.erase(log.Path(1));
    bench.File(3).replace(log.batches.back().offset, 300, 300, 'g');
    bench.anchors = {AnchorBehind(log.batches[3])};
    const auto manifest = Mended(&bench, kAll);
    REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
    CHECK_EQ(manifest->first_seq, 3);
    CHECK_EQ(manifest->last_seq, 5);
    CHECK_EQ(manifest->lost_records, 1);
    CHECK(Reopened(&bench, 3) == std::vector<std::string>{"c3", "d4", "e5"});
  }

  TEST_CASE("damage before the anchor, and a segment begins behind it: nothing is lost") {
    LogBuilder log = ThreeSegments();
    Bench bench(log);
    bench.File(2).replace(log.batches[3].offset, 300, 300, 'g');  // c3
    bench.anchors = {AnchorBehind(log.batches[4])};               // d4
    CHECK(Examine(bench.options, bench.anchors).refused());
    const auto manifest = Mended(&bench, kAll);
    REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
    CHECK(manifest->losses.empty());
    CHECK_EQ(manifest->last_seq, 6);
    CHECK(Reopened(&bench, 5) == std::vector<std::string>{"e5", "f6"});
  }

  TEST_CASE("damage before the anchor: the log begins anew behind it, and what follows is lost") {
    LogBuilder log = ThreeSegments();
    Bench bench(log);
    bench.File(2).replace(log.batches[4].offset, 300, 300, 'g');  // d4
    bench.anchors = {AnchorBehind(log.batches[3])};               // c3
    bench.File(2).replace(log.batches[3].offset, 300, 300, 'g');
    CHECK(Examine(bench.options, bench.anchors).refused());
    const auto manifest = Mended(&bench, kAll);
    REQUIRE_MESSAGE(manifest.ok(), manifest.status().ToString());
    CHECK(Did(*manifest, "adopt"));
    CHECK_EQ(manifest->last_seq, 3);
    CHECK_EQ(manifest->lost_records, 3);
    REQUIRE_FALSE(manifest->losses.empty());
    CHECK_EQ(manifest->losses.front().first_seq, 4);
    CHECK_EQ(manifest->losses.front().file, log.Path(2));
    CHECK_EQ(manifest->losses.back().last_seq, 6);
    CHECK(Reopened(&bench, 4).empty());
  }
}

}  // namespace stet::wal::repair_anchor_test
