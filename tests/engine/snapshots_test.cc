// Snapshots of an engine: when they are made, and what they allow to go.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <absl/time/clock.h>
#include <doctest/doctest.h>

#include "stet/engine.h"
#include "stet/inspect.h"
#include "stet/wal/inspect.h"
#include "tests/engine/snapshot_fixture.h"

namespace stet::snapshots_test {
namespace {

namespace fs = std::filesystem;
using testing::Eventually;
using testing::Flip;
using testing::MustOpen;
using testing::MustSnapshot;
using testing::MustStart;
using testing::MustWait;
using testing::SnapshotOptions;
using testing::Snapshots;
using testing::TempDirectory;
using testing::Work;

TEST_SUITE_BEGIN("engine::Snapshot");

TEST_CASE("a snapshot holds all up to the call; opening replays only what is behind it") {
  const TempDirectory directory;
  uint64_t behind = 0;
  SnapshotInfo made;
  {
    const auto engine = MustOpen(SnapshotOptions(directory));
    Work(*engine, 10, 1000);
    const uint64_t before = engine->Stats()->seq;
    made = MustSnapshot(*engine);
    CHECK_GE(made.anchor.seq, before);
    CHECK_EQ(engine->Stats()->snapshot_seq, made.anchor.seq);
    CHECK_EQ(engine->Stats()->snapshots, 1);
    // Nothing has happened since: it is the same one.
    CHECK_EQ(MustSnapshot(*engine).anchor.seq, made.anchor.seq);
    CHECK_EQ(engine->Stats()->snapshots, 1);
    Work(*engine, 2);
    behind = engine->Stats()->seq - made.anchor.seq;
  }
  const auto engine = MustOpen(SnapshotOptions(directory));
  const EngineRecovery& recovery = engine->recovery();
  REQUIRE(recovery.snapshot.has_value());
  CHECK_EQ(recovery.snapshot->anchor.seq, made.anchor.seq);
  CHECK_EQ(recovery.events_replayed, behind);
  REQUIRE(recovery.log.anchor.has_value());
  CHECK((*recovery.log.anchor == made.anchor));
  // Payloads from before the snapshot and from behind it.
  CHECK_EQ(engine->List()->size(), 12);
  const std::string first = engine->List()->front().key;
  CHECK_EQ(MustWait(*engine, first).output("t2"),
           MustWait(*engine, engine->List()->back().key).output("t2"));
  CHECK_FALSE(MustWait(*engine, first).output("t2").empty());
  // The same input is the same execution, whether its bytes come from a snapshot or not.
  CHECK(MustStart(*engine, first, Payload(std::string(1000, 'i'))).existed);
}

TEST_CASE("a live directory with snapshots can be looked at") {
  const TempDirectory directory;
  const auto engine = MustOpen(SnapshotOptions(directory));
  for (int i = 0; i < 5; ++i) {
    Work(*engine, 3);
    MustSnapshot(*engine);
    const auto state = Replay({.directory = directory.engine()});
    REQUIRE_MESSAGE(state.ok(), state.status().ToString());
  }
  const auto snapshots = ListSnapshots(directory.engine());
  REQUIRE(snapshots.ok());
  for (const SnapshotInfo& snapshot : *snapshots) CHECK(snapshot.status.ok());
}

TEST_CASE("a snapshot is made by itself when replay would take too long, and the log stays short") {
  const TempDirectory directory;
  EngineOptions options = SnapshotOptions(directory);
  options.recovery_target = absl::Microseconds(200);
  options.log.retired = wal::Retired::kDelete;
  const auto engine = MustOpen(options);
  REQUIRE(Eventually([&] {
    Work(*engine, 20, 20'000);
    // Snapshots are made at a low priority: on a busy machine they need a pause of the work beside them.
    absl::SleepFor(absl::Milliseconds(20));
    return engine->Stats()->snapshots >= 4;
  }));
  const EngineStats stats = *engine->Stats();
  CHECK_EQ(stats.snapshots_failed, 0);
  CHECK(stats.snapshot_status.ok());
  CHECK(Eventually(
      [&] { return wal::ListSegments(LogOptionsFor(directory.engine()))->front().segno > 1; }));
  // Until then one may be in the making, before the oldest goes.
  REQUIRE(engine->Close().ok());
  CHECK_LE(Snapshots(directory).size(), 2);
}

TEST_CASE(
    "what is given up stands before both snapshots: with the newest damaged the older one opens") {
  TempDirectory directory;
  EngineOptions options = SnapshotOptions(directory);
  uint64_t seq = 0;
  {
    const auto engine = MustOpen(options);
    for (int i = 0; i < 3; ++i) {
      Work(*engine, 40, 20'000);
      MustSnapshot(*engine);
    }
    Work(*engine, 5);
    CHECK(engine->Close().ok());
    seq = Replay({.directory = directory.engine()})->seq();
  }
  CHECK_FALSE(fs::exists(directory.engine() + "/wal/0000000000000001.wal"));
  REQUIRE_EQ(Snapshots(directory).size(), 2);
  Flip(Snapshots(directory).back(), 5000);
  options.execute = false;
  const auto engine = MustOpen(options);
  CHECK_EQ(engine->recovery().unusable_snapshots.size(), 1);
  CHECK_EQ(engine->recovery().snapshot->file, Snapshots(directory).front().string());
  CHECK_EQ(engine->recovery().events_replayed, seq - engine->recovery().snapshot->anchor.seq);
}

TEST_CASE("closing makes one if the next opening would take too long, and only then") {
  const TempDirectory directory;
  EngineOptions options = SnapshotOptions(directory);
  {
    options.recovery_target = absl::Hours(1);
    const auto engine = MustOpen(options);
    Work(*engine, 5);
  }
  CHECK_FALSE(fs::exists(fs::path(directory.engine()) / "snapshots"));
  {
    options.recovery_target = absl::Nanoseconds(1);
    options.execute = false;
    const auto engine = MustOpen(options);
    CHECK(engine->Close().ok());
  }
  REQUIRE_EQ(Snapshots(directory).size(), 1);
  options.execute = true;
  const auto engine = MustOpen(options);
  CHECK(engine->recovery().snapshot.has_value());
  CHECK_EQ(engine->recovery().events_replayed, 0);
}

TEST_CASE("a snapshot that cannot be made is told, and harms nothing") {
  const TempDirectory directory;
  EngineOptions options = SnapshotOptions(directory);
  std::vector<std::string> notes;
  options.on_note = [&](std::string_view note) { notes.emplace_back(note); };
  const auto engine = MustOpen(options);
  Work(*engine, 2);
  // A file is where their folder should be.
  std::ofstream(fs::path(directory.engine()) / "snapshots") << "x";
  CHECK_FALSE(engine->Snapshot().ok());
  CHECK_EQ(engine->Stats()->snapshots_failed, 1);
  CHECK_FALSE(engine->Stats()->snapshot_status.ok());
  Work(*engine, 2);
  fs::remove(fs::path(directory.engine()) / "snapshots");
  MustSnapshot(*engine);
  CHECK(engine->Stats()->snapshot_status.ok());
  CHECK(engine->Close().ok());
  CHECK_NE(std::find_if(notes.begin(), notes.end(),
                        [](const std::string& note) { return note.starts_with("no snapshot"); }),
           notes.end());
}

TEST_CASE("a base that is damaged while the engine runs is found out, and gone around") {
  const TempDirectory directory;
  const auto engine = MustOpen(SnapshotOptions(directory));
  Work(*engine, 2);
  MustSnapshot(*engine);
  Work(*engine, 2);
  const SnapshotInfo second = MustSnapshot(*engine);
  Flip(second.file, 400);
  Work(*engine, 2);
  CHECK(absl::IsDataLoss(engine->Snapshot().status()));
  const SnapshotInfo third = MustSnapshot(*engine);
  CHECK_GT(third.anchor.seq, second.anchor.seq);
  CHECK_FALSE(fs::exists(second.file));
  CHECK_EQ(Snapshots(directory).size(), 2);
}

TEST_CASE("a memory engine has no snapshots") {
  const auto engine = MustOpen({});
  CHECK(absl::IsFailedPrecondition(engine->Snapshot().status()));
  CHECK_EQ(engine->Stats()->snapshots, 0);
}

TEST_CASE("many ask for a snapshot while all goes on") {
  const TempDirectory directory;
  const auto engine = MustOpen(SnapshotOptions(directory));
  Work(*engine, 3);
  std::vector<std::thread> threads;
  std::atomic<int> made = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 3; ++j) made += engine->Snapshot().ok() ? 1 : 0;
    });
  }
  Work(*engine, 30);
  for (std::thread& thread : threads) thread.join();
  CHECK_EQ(made, 12);
  CHECK(engine->Close().ok());
  CHECK_EQ(engine->Snapshot().status().code(), absl::StatusCode::kFailedPrecondition);
  CHECK(Replay({.directory = directory.engine(), .whole_log = true}).ok());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::snapshots_test
