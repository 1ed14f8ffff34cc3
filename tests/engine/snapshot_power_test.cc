// The power goes while snapshots are made and the log before them is given up.
#include <algorithm>
#include <cstdint>

#include <doctest/doctest.h>

#include "core/digest.h"
#include "tests/engine/power_story.h"

namespace stet::engine::snapshot_power_test {
namespace {

// What must hold of the disk that is left.
void Judge(wal::SimDisk disk, const Known& known) {
  SimStorage storage(std::move(disk), 7);
  const wal::Options log = LogOn(storage);
  const auto store = SnapshotStore::Open("/d", log);
  const auto snapshots = store->List();
  REQUIRE(snapshots.ok());
  for (const SnapshotInfo& snapshot : *snapshots) {
    const absl::Status whole = store->Verify(snapshot);
    REQUIRE_MESSAGE(whole.ok(), whole.ToString());
  }
  CHECK_GE(snapshots->size(), std::min<uint64_t>(known.snapshots, 2));
  CHECK_LE(snapshots->size(), 3);
  EngineRecovery recovery;
  const auto recovered = RecoverBooks(log, *store, *SystemClock(), recovery);
  REQUIRE_MESSAGE(recovered.ok(), recovered.status().ToString());
  CHECK_GE(recovered->books.state.seq(), known.durable);
  CHECK_EQ(core::RecomputeDigest(recovered->books.state), recovered->books.state.digest());
  CHECK_EQ(recovered->snapshot.has_value(), !snapshots->empty());
}

TEST_SUITE_BEGIN("engine::Snapshot");

TEST_CASE("the power goes at each call of snapshots and retiring: all that was durable is there") {
  uint64_t calls = 0;
  {
    SimStorage storage;
    Known known;
    const absl::Status status = Story(storage, known).Run();
    REQUIRE_MESSAGE(status.ok(), status.ToString());
    CHECK_EQ(known.snapshots, kRounds);
    calls = storage.calls();
    const auto segments = storage.List("/d/wal");
    CHECK_EQ(std::count(segments->begin(), segments->end(), "0000000000000001.wal"), 0);
    Judge(storage.Crash(CrashPolicy::kLoseAll), known);
  }
  REQUIRE_GT(calls, 100);
  for (uint64_t call = 1; call <= calls; ++call) {
    CAPTURE(call);
    SimStorage storage;
    storage.faults.die_at_call = call;
    storage.faults.any_names = call % 2 == 0;
    Known known;
    CHECK_FALSE(Story(storage, known).Run().ok());
    CAPTURE(storage.history().back());
    const CrashPolicy policies[] = {CrashPolicy::kLoseAll, CrashPolicy::kKeepAll,
                                    CrashPolicy::kRandom};
    Judge(storage.Crash(policies[call % 3]), known);
  }
}

TEST_CASE("the power goes, and goes again while what it left is opened and goes on") {
  for (uint64_t first = 20; first < 400; first += 37) {
    CAPTURE(first);
    SimStorage storage;
    storage.faults.die_at_call = first;
    Known known;
    if (Story(storage, known).Run().ok()) continue;
    for (uint64_t second = 5; second < 200; second += 29) {
      CAPTURE(second);
      SimStorage again(storage.Crash(CrashPolicy::kRandom), second);
      again.faults.die_at_call = second;
      Known later = known;
      (void)Story(again, later).Run();
      later.snapshots = std::min<uint64_t>(known.snapshots, 1);
      Judge(again.Crash(CrashPolicy::kRandom), later);
    }
  }
}

TEST_CASE("a call that fails while a snapshot is made leaves no half of one, and harms nothing") {
  // The first makes the folder, which is there.
  for (uint64_t call = 2; call < 60; ++call) {
    CAPTURE(call);
    SimStorage storage;
    const wal::Options log = LogOn(storage);
    REQUIRE(storage.MakeDirectory("/d").ok());
    auto store = SnapshotStore::Open("/d", log);
    const Books books;
    const wal::Anchor first = {.seq = 1, .lsn = 0x1'0000'8000};
    // An empty state has seq 0: its header differs, and only bytes count here.
    REQUIRE(store->Write(books, first, Pace()).ok());
    storage.faults.fail_call = storage.calls() + call;
    storage.faults.fail_errno = EIO;
    const auto made = store->Write(books, {.seq = 2, .lsn = 0x1'0000'9000}, Pace());
    const auto snapshots = store->List();
    REQUIRE(snapshots.ok());
    CHECK_EQ(snapshots->back().anchor.seq, 1);
    for (const SnapshotInfo& snapshot : *snapshots) CHECK(store->Verify(snapshot).ok());
    storage.faults.fail_call = 0;
    const auto again = store->Write(books, {.seq = 3, .lsn = 0x1'0000'A000}, Pace());
    REQUIRE_MESSAGE(again.ok(), again.status().ToString());
    if (storage.errors() == 0) break;
    CHECK_FALSE(made.ok());
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::engine::snapshot_power_test
