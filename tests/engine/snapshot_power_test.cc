// The power goes while snapshots are made and the log before them is given up.
#include <cstdint>
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/digest.h"
#include "engine/ledger.h"
#include "engine/recover_books.h"
#include "engine/snapshot_job.h"
#include "stet/inspect.h"
#include "stet/wal/writer.h"
#include "tests/sim/sim_storage.h"

namespace stet::engine {
namespace {

using wal::CrashPolicy;
using wal::SimStorage;

constexpr int kRounds = 4;

wal::Options LogOn(SimStorage& storage) {
  wal::Options log = LogOptionsFor("d");
  log.create = true;
  log.segment_bytes = 128 << 10;
  log.first_segment_bytes = 64 << 10;
  log.inflight_bytes_max = 64 << 10;
  log.batch_bytes_max = 16 << 10;
  log.operation = wal::Operation::kDurableWrite;
  log.helper_thread = false;
  log.storage = &storage;
  return log;
}

// What is known when the power goes.
struct Known {
  uint64_t durable = 0;    // seq
  uint64_t snapshots = 0;  // made
};

class Story {
 public:
  Story(SimStorage& storage, Known& known) : log_(LogOn(storage)), known_(known) {}

  // Opens, and makes events, snapshots and room, until all is done or the disk has died.
  absl::Status Run() {
    const absl::Status made = log_.storage->MakeDirectory("d");
    if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
    if (absl::Status synced = log_.storage->SyncDirectory("."); !synced.ok()) return synced;
    auto store = SnapshotStore::Open("d", log_);
    EngineRecovery recovery;
    auto recovered = RecoverBooks(log_, *store, *SystemClock(), recovery);
    if (!recovered.ok()) return recovered.status();
    std::optional<SnapshotInfo> newest = recovered->snapshot;
    auto writer = wal::Writer::Start(std::move(recovered->log), log_);
    if (!writer.ok()) return writer.status();
    writer_ = writer->get();
    const absl::Time last = recovered->books.state.time();
    Ledger ledger(std::move(recovered->books), NewLogJournal(*std::move(writer)),
                  EngineTime(SystemClock(), last, nullptr));
    ledger.Tick();
    const core::OpenEngine open = {.epoch = writer_->epoch(), .wall = ledger.time().wall()};
    if (absl::Status status = ledger.Execute(open).status(); !status.ok()) return status;
    for (int round = 0; round < kRounds; ++round) {
      if (absl::Status status = Events(ledger); !status.ok()) return status;
      if (absl::Status status = Snapshot(*store, newest); !status.ok()) return status;
    }
    return ledger.Close();
  }

 private:
  absl::Status Events(Ledger& ledger) {
    const auto workflow =
        core::PreparedWorkflow::Make({.name = "w", .tasks = {{.name = "t", .activity = "a"}}});
    while (ledger.state().FindDefinition(workflow->hash()) == nullptr) {
      const auto defined = ledger.Execute(core::DefineWorkflow{.workflow = &*workflow});
      if (!defined.ok()) return defined.status();
    }
    const std::string input(3000, 'i');
    for (int i = 0; i < 12; ++i) {
      const std::string key = fmt::format("k{}", ledger.state().seq());
      const auto started = ledger.Execute(core::StartExecution{
          .workflow = workflow->hash(), .key = key, .input = {.bytes = input}});
      if (!started.ok()) return started.status();
      if (absl::Status flushed = writer_->Flush(); !flushed.ok()) return flushed;
      known_.durable = writer_->watermarks().durable;
    }
    return absl::OkStatus();
  }

  // As the engine does, with the job on this thread.
  absl::Status Snapshot(SnapshotStore& store, std::optional<SnapshotInfo>& newest) {
    SnapshotJob job({.store = &store,
                     .base = newest,
                     .reader = writer_->NewReader(newest ? newest->anchor.seq + 1 : 1),
                     .clock = SystemClock()});
    const SnapshotJob::Result& result = job.RunHere();
    if (!result.snapshot.ok()) return result.snapshot.status();
    if (!result.pruned.ok()) return result.pruned;
    ++known_.snapshots;
    const std::optional<SnapshotInfo> older = std::exchange(newest, *result.snapshot);
    return older ? writer_->Retire(older->anchor) : absl::OkStatus();
  }

  const wal::Options log_;
  Known& known_;
  wal::Writer* writer_ = nullptr;
};

// What must hold of the disk that is left.
void Judge(wal::SimDisk disk, const Known& known) {
  SimStorage storage(std::move(disk), 7);
  const wal::Options log = LogOn(storage);
  const auto store = SnapshotStore::Open("d", log);
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
    const auto segments = storage.List("d/wal");
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
    REQUIRE(storage.MakeDirectory("d").ok());
    auto store = SnapshotStore::Open("d", log);
    const Books books;
    const wal::Anchor first = {.seq = 1, .lsn = 0x1'0000'8000};
    // An empty state has seq 0: its header differs, and only bytes count here.
    REQUIRE(store->Write(books, first, GiveUp(false)).ok());
    storage.faults.fail_call = storage.calls() + call;
    storage.faults.fail_errno = EIO;
    const auto made = store->Write(books, {.seq = 2, .lsn = 0x1'0000'9000}, GiveUp(false));
    const auto snapshots = store->List();
    REQUIRE(snapshots.ok());
    CHECK_EQ(snapshots->back().anchor.seq, 1);
    for (const SnapshotInfo& snapshot : *snapshots) CHECK(store->Verify(snapshot).ok());
    storage.faults.fail_call = 0;
    const auto again = store->Write(books, {.seq = 3, .lsn = 0x1'0000'A000}, GiveUp(false));
    REQUIRE_MESSAGE(again.ok(), again.status().ToString());
    if (storage.errors() == 0) break;
    CHECK_FALSE(made.ok());
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::engine
