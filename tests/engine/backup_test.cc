// Backups of a directory, while it is in use or not, and what is made of them.
#include "stet/backup.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/inspect.h"
#include "tests/engine/snapshot_fixture.h"

namespace stet::backup_test {
namespace {

namespace fs = std::filesystem;
using testing::Files;
using testing::Flip;
using testing::MustOpen;
using testing::MustSnapshot;
using testing::SnapshotOptions;
using testing::TempDirectory;
using testing::Work;

struct Places {
  TempDirectory directory;
  std::string backup = directory.engine() + ".backup";
  std::string back = directory.engine() + ".back";
  ~Places() {
    fs::remove_all(backup);
    fs::remove_all(back);
  }

  absl::StatusOr<BackupReport> Make(bool link = true) {
    return Backup({.directory = directory.engine(), .backup = backup, .link = link});
  }
};

Replayed MustReplay(const std::string& directory, uint64_t at = UINT64_MAX) {
  auto state = Replay({.directory = directory, .at_seq = at});
  REQUIRE_MESSAGE(state.ok(), state.status().ToString());
  return *std::move(state);
}

TEST_SUITE_BEGIN("Backup");

TEST_CASE("a backup of an engine that works: it holds what was durable, and the engine goes on") {
  for (const bool link : {true, false}) {
    CAPTURE(link);
    Places places;
    EngineOptions options = SnapshotOptions(places.directory);
    const auto engine = MustOpen(options);
    Work(*engine, 20, 8000);
    MustSnapshot(*engine);
    Work(*engine, 20, 8000);
    const uint64_t durable = engine->Stats()->released;
    const auto made = places.Make(link);
    REQUIRE_MESSAGE(made.ok(), made.status().ToString());
    CHECK_GE(made->seq + 200, durable);  // The last moments have no witness yet.
    CHECK_EQ(made->snapshots, 1);
    CHECK_EQ(made->files_linked > 0, link);
    Work(*engine, 20, 8000);
    MustSnapshot(*engine);
    MustSnapshot(*engine);
    Work(*engine, 20, 8000);
    REQUIRE(engine->Close().ok());
    const Replayed state = MustReplay(places.backup);
    CHECK_EQ(state.seq(), made->seq);
    CHECK_EQ(state.digest(), made->digest);
    CHECK_EQ(MustReplay(places.directory.engine(), made->seq).digest(), made->digest);
  }
}

TEST_CASE("an engine opens no backup") {
  Places places;
  {
    const auto engine = MustOpen(SnapshotOptions(places.directory));
    Work(*engine, 3);
  }
  const auto made = places.Make();
  REQUIRE(made.ok());
  const auto opened = Engine::Open({.directory = places.backup});
  CHECK(absl::IsFailedPrecondition(opened.status()));
  CHECK_NE(std::string(opened.status().message()).find("stet restore"), std::string::npos);
  CHECK_FALSE(fs::exists(places.backup + "/snapshots/x"));
  CHECK_EQ(MustReplay(places.backup).digest(), made->digest);
}

TEST_CASE("what is restored goes on, as a log that is not mixed up with the one it came from") {
  Places places;
  {
    const auto engine = MustOpen(SnapshotOptions(places.directory));
    Work(*engine, 10);
    MustSnapshot(*engine);
    Work(*engine, 10);
  }
  const auto made = places.Make();
  REQUIRE_MESSAGE(made.ok(), made.status().ToString());
  const auto back = Restore({.backup = places.backup, .directory = places.back});
  REQUIRE_MESSAGE(back.ok(), back.status().ToString());
  CHECK_EQ(back->seq, made->seq);
  CHECK_EQ(back->digest, made->digest);
  CHECK_EQ(back->snapshots, 1);
  CHECK_EQ(back->dropped_last_seq, 0);
  CHECK_NE(back->log_id, made->log_id);
  EngineOptions options = SnapshotOptions(places.directory);
  options.directory = places.back;
  {
    const auto engine = MustOpen(options);
    CHECK_EQ(engine->List()->size(), 20);
    Work(*engine, 5);
    MustSnapshot(*engine);
  }
  {
    const auto engine = MustOpen(SnapshotOptions(places.directory));
    Work(*engine, 5);
  }
  // A segment of the one in the other.
  fs::path newest;
  for (const fs::path& file : Files(fs::path(places.directory.engine()) / "wal")) {
    if (file.extension() == ".wal") newest = file;
  }
  fs::copy_file(newest, fs::path(places.back) / "wal" / newest.filename(),
                fs::copy_options::overwrite_existing);
  CHECK(absl::IsDataLoss(Engine::Open(options).status()));
}

TEST_CASE("restoring to any event gives the state that was there, with what fits of its batch") {
  Places places;
  {
    EngineOptions options = SnapshotOptions(places.directory);
    options.history = History::kKeep;
    const auto engine = MustOpen(options);
    Work(*engine, 5);
    MustSnapshot(*engine);
    Work(*engine, 5);
    MustSnapshot(*engine);
    Work(*engine, 5);
  }
  const auto made = places.Make();
  REQUIRE(made.ok());
  for (uint64_t seq = 3; seq < made->seq + 9; seq += 17) {
    CAPTURE(seq);
    fs::remove_all(places.back);
    const auto back = Restore({.backup = places.backup, .directory = places.back, .at_seq = seq});
    REQUIRE_MESSAGE(back.ok(), back.status().ToString());
    CHECK_LE(back->seq, seq);
    CHECK_EQ(back->digest, MustReplay(places.backup, back->seq).digest());
    CHECK_EQ(back->dropped_first_seq, back->seq == made->seq ? 0 : back->seq + 1);
    EngineOptions options = SnapshotOptions(places.directory);
    options.directory = places.back;
    const auto engine = MustOpen(options);
    Work(*engine, 1);
  }
  fs::remove_all(places.back);
  const auto back =
      Restore({.backup = places.backup, .directory = places.back, .at_time = made->time});
  REQUIRE(back.ok());
  CHECK_EQ(back->seq, made->seq);
}

TEST_CASE("a log whose beginning was given up: a moment before its snapshots cannot be had") {
  Places places;
  {
    EngineOptions options = SnapshotOptions(places.directory);
    const auto engine = MustOpen(options);
    for (int i = 0; i < 3; ++i) {
      Work(*engine, 40, 20'000);
      MustSnapshot(*engine);
    }
  }
  const auto made = places.Make();
  REQUIRE_MESSAGE(made.ok(), made.status().ToString());
  CHECK_EQ(made->snapshots, 2);
  REQUIRE_GT(made->first_seq, 1);
  const auto none = Restore({.backup = places.backup, .directory = places.back, .at_seq = 50});
  CHECK(absl::IsOutOfRange(none.status()));
  CHECK_FALSE(fs::exists(places.back));
  const auto back = Restore({.backup = places.backup, .directory = places.back});
  REQUIRE_MESSAGE(back.ok(), back.status().ToString());
  CHECK_EQ(back->digest, made->digest);
}

TEST_CASE("nothing is overwritten, and what fails leaves nothing") {
  Places places;
  CHECK_FALSE(places.Make().ok());
  CHECK_FALSE(fs::exists(places.backup));
  {
    const auto engine = MustOpen(SnapshotOptions(places.directory));
    Work(*engine, 3);
  }
  fs::create_directory(places.backup);
  CHECK(absl::IsAlreadyExists(places.Make().status()));
  CHECK(fs::is_empty(places.backup));
  fs::remove(places.backup);
  REQUIRE(places.Make().ok());
  CHECK(absl::IsAlreadyExists(places.Make().status()));
  CHECK(absl::IsAlreadyExists(
      Restore({.backup = places.backup, .directory = places.directory.engine()}).status()));
  CHECK(absl::IsNotFound(Engine::Open({.directory = places.back, .create = false}).status()));
}

TEST_CASE("a backup that was damaged, cut, or not finished is not restored") {
  Places places;
  {
    const auto engine = MustOpen(SnapshotOptions(places.directory));
    Work(*engine, 10);
  }
  const auto refused = [&] {
    const auto back = Restore({.backup = places.backup, .directory = places.back});
    CHECK_FALSE(back.ok());
    CHECK_FALSE(fs::exists(places.back));
    fs::remove_all(places.backup);
    return back.status();
  };
  REQUIRE(places.Make(false).ok());
  Flip(Files(places.backup + "/wal").front(), 20'000);
  CHECK(absl::IsDataLoss(refused()));
  REQUIRE(places.Make(false).ok());
  Flip(fs::path(places.backup) / "BACKUP", 30);
  CHECK(absl::IsDataLoss(refused()));
  REQUIRE(places.Make(false).ok());
  std::ofstream(places.backup + "/BACKUP") << "stet-backup 1\nstate unfinished\n";
  CHECK_FALSE(refused().ok());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::backup_test
