// What opening makes of snapshots, row by row of the table in wal/README.md, and of moments of the past.
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/inspect.h"
#include "tests/engine/snapshot_fixture.h"

namespace stet::snapshot_rows_test {
namespace {

namespace fs = std::filesystem;
using testing::Eventually;
using testing::FindingOf;
using testing::Flip;
using testing::MustOpen;
using testing::MustSnapshot;
using testing::SnapshotOptions;
using testing::Snapshots;
using testing::TempDirectory;
using testing::TwoSnapshots;
using testing::Work;

TEST_SUITE_BEGIN("engine::Snapshot");

TEST_CASE("24: a damaged newest snapshot is passed over for the older one, and said so") {
  TwoSnapshots two;
  Flip(two.newer.file, 300);
  const auto engine = two.Open();
  REQUIRE_MESSAGE(engine.ok(), engine.status().ToString());
  const EngineRecovery& recovery = (*engine)->recovery();
  REQUIRE(recovery.snapshot.has_value());
  CHECK_EQ(recovery.snapshot->file, two.older.file);
  CHECK_EQ(recovery.events_replayed, two.seq - two.older.anchor.seq);
  REQUIRE_EQ(recovery.unusable_snapshots.size(), 1);
  CHECK_EQ(recovery.unusable_snapshots[0].file, two.newer.file);
  const wal::Finding* finding = FindingOf(recovery.log, "OLDER_SNAPSHOT");
  REQUIRE(finding != nullptr);
  CHECK_EQ(finding->row, 24);
  CHECK_EQ(finding->file, two.newer.file);
  // The next one takes the place of the damaged one.
  MustSnapshot(**engine);
  CHECK_EQ(Snapshots(two.directory).size(), 2);
  CHECK_FALSE(fs::exists(two.newer.file));
}

TEST_CASE("25: without a usable snapshot all is replayed, if the log begins with event 1") {
  TwoSnapshots two;
  SUBCASE("damaged") {
    Flip(two.newer.file, 300);
    Flip(two.older.file, 10);
  }
  SUBCASE("cut to nothing") {
    fs::resize_file(two.newer.file, 0);
    fs::resize_file(two.older.file, 100);
  }
  SUBCASE("gone") { fs::remove_all(fs::path(two.directory.engine()) / "snapshots"); }
  const auto engine = two.Open();
  REQUIRE_MESSAGE(engine.ok(), engine.status().ToString());
  CHECK_FALSE((*engine)->recovery().snapshot.has_value());
  CHECK_EQ((*engine)->recovery().events_replayed, two.seq);
  if (!(*engine)->recovery().unusable_snapshots.empty()) {
    REQUIRE(FindingOf((*engine)->recovery().log, "NO_SNAPSHOT") != nullptr);
  }
}

TEST_CASE("26: without a usable snapshot a log that begins later is refused, and says why") {
  const TempDirectory directory;
  EngineOptions options = SnapshotOptions(directory);
  options.history = History::kBounded;
  {
    const auto engine = MustOpen(options);
    for (int i = 0; i < 3; ++i) {
      Work(*engine, 40, 10'000);
      MustSnapshot(*engine);
    }
  }
  const std::vector<fs::path> snapshots = Snapshots(directory);
  REQUIRE_EQ(snapshots.size(), 2);
  for (const fs::path& file : snapshots) Flip(file, 50);
  const absl::Status refused = Engine::Open(options).status();
  CHECK(absl::IsDataLoss(refused));
  CHECK_EQ(wal::RefusalOf(refused), wal::Refusal::kNoBase);
  CHECK_NE(refused.ToString().find(snapshots[0].string()), std::string::npos);
  CHECK_FALSE(Replay({.directory = directory.engine()}).ok());
  // One of them mended, and it opens.
  Flip(snapshots[0], 50);
  CHECK(MustOpen(options)->recovery().snapshot.has_value());
}

TEST_CASE("27: a log that ends before a snapshot has lost something") {
  TwoSnapshots two;
  const fs::path wal = fs::path(two.directory.engine()) / "wal";
  const fs::path copy = two.directory.file("early");
  SUBCASE("the log of an earlier copy") {
    TempDirectory other;
    const EngineOptions options = SnapshotOptions(other);
    {
      const auto engine = MustOpen(options);
      Work(*engine, 1);
      CHECK(engine->Close().ok());
      fs::copy(other.engine(), copy, fs::copy_options::recursive);
    }
    {
      const auto engine = MustOpen(options);
      Work(*engine, 5);
      MustSnapshot(*engine);
    }
    fs::remove_all(fs::path(other.engine()) / "wal");
    fs::copy(copy / "wal", fs::path(other.engine()) / "wal", fs::copy_options::recursive);
    const absl::Status refused = Engine::Open(options).status();
    CHECK_EQ(wal::RefusalOf(refused), wal::Refusal::kLogBehindSnapshot);
    CHECK(Replay({.directory = other.engine()}).status().code() == absl::StatusCode::kDataLoss);
  }
  SUBCASE("the log is gone") {
    fs::remove_all(wal);
    CHECK_EQ(wal::RefusalOf(two.Open().status()), wal::Refusal::kLogBehindSnapshot);
    CHECK_FALSE(fs::exists(wal / "LOG_ID"));
  }
}

TEST_CASE("28: a log that begins behind the newest snapshot is refused") {
  TempDirectory directory;
  EngineOptions options = SnapshotOptions(directory);
  options.history = History::kBounded;
  fs::path first;
  {
    const auto engine = MustOpen(options);
    Work(*engine, 40, 10'000);
    const SnapshotInfo snapshot = MustSnapshot(*engine);
    first = snapshot.file;
    fs::copy(first, directory.file("first"));
    for (int i = 0; i < 2; ++i) {
      Work(*engine, 60, 10'000);
      MustSnapshot(*engine);
    }
    // Segments are given up in the background, and closing does not wait for that.
    const fs::path behind =
        fmt::format("{}/wal/{:016x}.wal", directory.engine(), snapshot.anchor.lsn >> 32);
    REQUIRE(Eventually([&] { return !fs::exists(behind); }));
  }
  for (const fs::path& file : Snapshots(directory)) fs::remove(file);
  fs::copy(directory.file("first"), first);
  CHECK_EQ(wal::RefusalOf(Engine::Open(options).status()), wal::Refusal::kLogGap);
}

TEST_CASE("29: a snapshot of another log is refused") {
  TwoSnapshots two;
  TwoSnapshots other;
  fs::remove(two.newer.file);
  fs::remove(two.older.file);
  fs::copy(other.older.file, two.older.file);
  CHECK_EQ(wal::RefusalOf(two.Open().status()), wal::Refusal::kForkedHistory);
}

TEST_CASE("any combination of damaged snapshots gives the same state") {
  for (int damage = 0; damage < 4; ++damage) {
    CAPTURE(damage);
    TwoSnapshots two;
    if ((damage & 1) != 0) Flip(two.newer.file, 4000);
    if ((damage & 2) != 0) Flip(two.older.file, 100);
    const auto state = Replay({.directory = two.directory.engine()});
    REQUIRE_MESSAGE(state.ok(), state.status().ToString());
    CHECK_EQ(state->seq(), two.seq);
    CHECK_EQ(state->digest(), two.digest);
    CHECK(two.Open().ok());
  }
}

TEST_CASE("the state of any moment is there, from the nearest snapshot or from the beginning") {
  TwoSnapshots two;
  for (const uint64_t seq :
       {two.older.anchor.seq - 1, two.older.anchor.seq, two.newer.anchor.seq - 3,
        two.newer.anchor.seq, two.newer.anchor.seq + 1, two.seq}) {
    CAPTURE(seq);
    const auto near = Replay({.directory = two.directory.engine(), .at_seq = seq});
    const auto all =
        Replay({.directory = two.directory.engine(), .at_seq = seq, .whole_log = true});
    REQUIRE_MESSAGE(near.ok(), near.status().ToString());
    REQUIRE(all.ok());
    CHECK_EQ(near->seq(), seq);
    CHECK_EQ(all->seq(), seq);
    CHECK_EQ(near->digest(), all->digest());
  }
  CHECK_EQ(Replay({.directory = two.directory.engine(), .at_time = absl::UnixEpoch()})->seq(), 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::snapshot_rows_test
