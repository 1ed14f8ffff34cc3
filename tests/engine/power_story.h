// A directory on a simulated disk: events, snapshots, and the log before them given up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/ledger.h"
#include "engine/recover_books.h"
#include "engine/snapshot_job.h"
#include "stet/inspect.h"
#include "stet/wal/writer.h"
#include "tests/sim/sim_storage.h"

namespace stet::engine {

using wal::CrashPolicy;
using wal::SimStorage;

constexpr int kRounds = 4;

inline wal::Options LogOn(SimStorage& storage) {
  wal::Options log = LogOptionsFor("/d");
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
    const absl::Status made = log_.storage->MakeDirectory("/d");
    if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
    if (absl::Status synced = log_.storage->SyncDirectory("/"); !synced.ok()) return synced;
    auto store = SnapshotStore::Open("/d", log_);
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

}  // namespace stet::engine
