// Openings that fail at one event again and again.
#include "engine/open_guard.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "stet/inspect.h"
#include "stet/wal/writer.h"
#include "tests/engine/snapshot_fixture.h"
#include "tests/sim/sim_storage.h"

namespace stet::engine::open_guard_test {
namespace {

namespace fs = std::filesystem;
using testing::MustOpen;
using testing::SnapshotOptions;
using testing::TempDirectory;
using testing::Work;

constexpr absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

absl::Status Broken(uint64_t seq) {
  return FailedAt(seq, absl::DataLossError("it does not replay"));
}

TEST_SUITE_BEGIN("engine::OpenGuard");

TEST_CASE("the first failures cost nothing, then each waits twice as long, up to a minute") {
  wal::SimStorage storage;
  storage.disk().MakeDirectory("/d");
  std::vector<absl::Duration> delays;
  for (int i = 0; i < 12; ++i) {
    OpenGuard guard(storage, "/d");
    delays.push_back(guard.Delay(kNow));
    const absl::Status told = guard.Took(Broken(7), kNow);
    CHECK(absl::IsDataLoss(told));
    CHECK_EQ(told.ToString().find("in a row") != std::string::npos, i > 0);
    CHECK_EQ(FailedSeq(told), 7);
  }
  const std::vector<absl::Duration> expected = {
      absl::Seconds(0),  absl::Seconds(0),  absl::Seconds(0),  absl::Seconds(1),
      absl::Seconds(2),  absl::Seconds(4),  absl::Seconds(8),  absl::Seconds(16),
      absl::Seconds(32), absl::Seconds(60), absl::Seconds(60), absl::Seconds(60)};
  CHECK(delays == expected);
  const OpenGuard guard(storage, "/d");
  CHECK_EQ(guard.Delay(kNow + absl::Seconds(45)), absl::Seconds(15));
  CHECK_EQ(guard.Delay(kNow + absl::Hours(1)), absl::ZeroDuration());
  CHECK_EQ(guard.Delay(kNow - absl::Hours(1)), absl::Minutes(1));
}

TEST_CASE("another event, a success, or no failure of the directory begins anew") {
  wal::SimStorage storage;
  storage.disk().MakeDirectory("/d");
  for (int i = 0; i < 5; ++i) (void)OpenGuard(storage, "/d").Took(Broken(7), kNow);
  CHECK_EQ(OpenGuard(storage, "/d").count(), 5);
  (void)OpenGuard(storage, "/d").Took(absl::FailedPreconditionError("locked"), kNow);
  CHECK_EQ(OpenGuard(storage, "/d").count(), 5);
  (void)OpenGuard(storage, "/d").Took(Broken(8), kNow);
  CHECK_EQ(OpenGuard(storage, "/d").count(), 1);
  CHECK(OpenGuard(storage, "/d").Took(absl::OkStatus(), kNow).ok());
  CHECK_EQ(OpenGuard(storage, "/d").count(), 0);
  CHECK(storage.List("/d")->empty());
}

TEST_CASE("it says what it waits for, and names an event only if one failed") {
  for (const uint64_t seq : {uint64_t{0}, uint64_t{7}}) {
    wal::SimStorage storage;
    storage.disk().MakeDirectory("/d");
    const absl::Status broken = seq == 0 ? absl::DataLossError("a byte differs") : Broken(seq);
    for (int i = 0; i < 3; ++i) (void)OpenGuard(storage, "/d").Took(broken, kNow);
    std::string told;
    const auto note = [&told](std::string_view text) { told = text; };
    OpenGuard(storage, "/d").SlowDown(kNow, absl::ZeroDuration(), note);
    CHECK_EQ(told, "");
    OpenGuard(storage, "/d").SlowDown(kNow, absl::Microseconds(1), note);
    CHECK_EQ(told.find("/d: opening has failed 3 times in a row"), 0);
    CHECK_EQ(told.find("at event 7") != std::string::npos, seq == 7);
    CHECK_EQ(told.find("at event 0"), std::string::npos);
  }
}

TEST_CASE("a file that is not whole, or cannot be written, counts for nothing") {
  wal::SimStorage storage;
  storage.disk().MakeDirectory("/d");
  storage.disk().Create("/d/OPEN_FAILURES");
  for (const std::string text : {"", "7", "7 ", "x 3 5 ", "7 3 "}) {
    storage.disk().Find("/d/OPEN_FAILURES")->Resize(0);
    storage.disk().Find("/d/OPEN_FAILURES")->Overwrite(0, std::as_bytes(std::span(text)));
    CHECK_EQ(OpenGuard(storage, "/d").count(), 0);
  }
  storage.faults.name_error = 1;
  CHECK(absl::IsDataLoss(OpenGuard(storage, "/d").Took(Broken(7), kNow)));
}

TEST_CASE(
    "an engine whose log does not replay counts its openings, and forgets them when it does") {
  TempDirectory directory;
  {
    const auto engine = MustOpen(SnapshotOptions(directory));
    Work(*engine, 2);
  }
  const std::string wal = directory.engine() + "/wal";
  fs::copy(wal, directory.file("whole"));
  {
    wal::Options log = LogOptionsFor(directory.engine());
    auto recovered = wal::Recover(log);
    REQUIRE(recovered.ok());
    auto writer = wal::Writer::Start(*std::move(recovered), log);
    REQUIRE(writer.ok());
    const std::string nonsense = "nonsense";
    const wal::NewRecord record = {.type = 48, .payload = std::as_bytes(std::span(nonsense))};
    REQUIRE((*writer)->Append({&record, 1}, 0).ok());
    REQUIRE((*writer)->Close().ok());
  }
  EngineOptions options = SnapshotOptions(directory);
  for (int i = 1; i <= 3; ++i) {
    const absl::Status status = Engine::Open(options).status();
    CHECK(absl::IsDataLoss(status));
    CHECK_EQ(status.ToString().find("in a row") != std::string::npos, i > 1);
  }
  const std::string file = directory.engine() + "/OPEN_FAILURES";
  std::string line;
  std::getline(std::ifstream(file), line);
  CHECK_EQ(line.substr(line.find(' '), 3), " 3 ");
  CHECK_NE(line.substr(0, 2), "0 ");
  options.open_pause_max = absl::Microseconds(1);
  std::vector<std::string> notes;
  options.on_note = [&notes](std::string_view note) { notes.emplace_back(note); };
  CHECK(absl::IsDataLoss(Engine::Open(options).status()));
  const auto waits = [](const std::string& note) {
    return note.find("waiting") != std::string::npos;
  };
  CHECK_EQ(std::count_if(notes.begin(), notes.end(), waits), 1);
  fs::remove_all(wal);
  fs::copy(directory.file("whole"), wal);
  {
    const auto engine = Engine::Open(options);
    REQUIRE_MESSAGE(engine.ok(), engine.status().ToString());
  }
  CHECK_FALSE(fs::exists(file));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::engine::open_guard_test
