// The power goes while a backup is made, and while a directory is made of one.
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "engine/backup_note.h"
#include "stet/backup.h"
#include "tests/engine/power_story.h"

namespace stet::engine::backup_power_test {
namespace {

wal::Options On(SimStorage& storage, const std::string& directory) {
  wal::Options log = LogOptionsFor(directory, LogOn(storage));
  return log;
}

absl::StatusOr<BackupReport> BackUp(SimStorage& storage) {
  wal::Options log;
  log.storage = &storage;
  return Backup({.directory = "/d", .backup = "/b", .log = log});
}

absl::StatusOr<BackupReport> BringBack(SimStorage& storage, uint64_t at_seq) {
  wal::Options log;
  log.storage = &storage;
  return Restore({.backup = "/b", .directory = "/r", .at_seq = at_seq, .log = log});
}

// The directory as an engine would open it.
absl::StatusOr<RecoveredBooks> Open(SimStorage& storage, const std::string& directory) {
  if (absl::Status free = CheckNoBackup(storage, directory); !free.ok()) return free;
  const wal::Options log = On(storage, directory);
  const auto store = SnapshotStore::Open(directory, log);
  EngineRecovery recovery;
  return RecoverBooks(log, *store, *SystemClock(), recovery);
}

// A disk with a directory that was closed in order; seq of its end.
uint64_t Prepare(SimStorage& storage) {
  Known known;
  const absl::Status status = Story(storage, known).Run();
  REQUIRE_MESSAGE(status.ok(), status.ToString());
  return known.durable;
}

wal::SimDisk PreparedDisk(uint64_t* durable) {
  SimStorage storage;
  *durable = Prepare(storage);
  return storage.Crash(CrashPolicy::kLoseAll);
}

constexpr CrashPolicy kPolicies[] = {CrashPolicy::kLoseAll, CrashPolicy::kKeepAll,
                                     CrashPolicy::kRandom};

TEST_SUITE_BEGIN("Backup");

TEST_CASE(
    "the power goes at each call of a backup: there is a whole one, or one that says it is not") {
  uint64_t durable = 0;
  const wal::SimDisk disk = PreparedDisk(&durable);
  uint64_t whole = 0;
  for (uint64_t call = 1;; ++call) {
    CAPTURE(call);
    SimStorage storage(disk, call);
    storage.faults.die_at_call = call;
    storage.faults.any_names = call % 2 == 0;
    const bool done = BackUp(storage).ok();
    SimStorage left(storage.Crash(kPolicies[call % 3]), 7);
    const auto source = Open(left, "/d");
    REQUIRE_MESSAGE(source.ok(), source.status().ToString());
    CHECK_GE(source->books.state.seq(), durable);
    const auto note = ReadBackupNote(left, "/b");
    REQUIRE_MESSAGE(note.ok(), note.status().ToString());
    if (note->has_value() && (*note)->finished) {
      ++whole;
      const auto back = BringBack(left, UINT64_MAX);
      REQUIRE_MESSAGE(back.ok(), back.status().ToString());
      CHECK_GE(back->seq, durable);
      CHECK_EQ(back->seq, (*note)->end.seq);
    } else {
      CHECK_FALSE(done);
      const auto names = left.List("/b");
      const bool empty = !names.ok() || names->empty();
      CHECK((empty || note->has_value()));
      CHECK((empty || !BringBack(left, UINT64_MAX).ok()));
    }
    if (done) break;
  }
  CHECK_GE(whole, 1);
}

TEST_CASE(
    "the power goes at each call of a restore: a directory that is whole, or that nobody opens") {
  uint64_t durable = 0;
  SimStorage first(PreparedDisk(&durable));
  const auto made = BackUp(first);
  REQUIRE_MESSAGE(made.ok(), made.status().ToString());
  const wal::SimDisk disk = first.Crash(CrashPolicy::kLoseAll);
  const uint64_t at = made->seq - 5;
  uint64_t opened = 0;
  for (uint64_t call = 1;; ++call) {
    CAPTURE(call);
    SimStorage storage(disk, call);
    storage.faults.die_at_call = call;
    storage.faults.any_names = call % 2 == 0;
    const auto done = BringBack(storage, at);
    SimStorage left(storage.Crash(kPolicies[call % 3]), 7);
    const auto names = left.List("/r/wal");
    if (names.ok() && !names->empty() && CheckNoBackup(left, "/r").ok()) {
      ++opened;
      const auto books = Open(left, "/r");
      REQUIRE_MESSAGE(books.ok(), books.status().ToString());
      CHECK_LE(books->books.state.seq(), at);
      CHECK_GT(books->books.state.seq(), at - 20);
    } else {
      CHECK_FALSE(done.ok());
    }
    CHECK(ReadBackupNote(left, "/b")->value().finished);
    if (done.ok()) break;
  }
  CHECK_GE(opened, 1);
}

TEST_CASE("a call that fails while a backup is made takes away what was made, and harms nothing") {
  uint64_t durable = 0;
  const wal::SimDisk disk = PreparedDisk(&durable);
  for (uint64_t call = 1;; ++call) {
    CAPTURE(call);
    SimStorage storage(disk, call);
    storage.faults.fail_call = call;
    storage.faults.fail_errno = ENOSPC;
    const auto made = BackUp(storage);
    storage.faults.fail_call = 0;
    CHECK(Open(storage, "/d").ok());
    if (made.ok()) break;
    const auto names = storage.List("/b");
    CHECK((!names.ok() || names->empty()));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::engine::backup_power_test
