// An open engine, for one thread: books, loop, workers, snapshots.
#pragma once

#include <memory>
#include <optional>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/inbox.h"
#include "engine/opening.h"
#include "engine/progress.h"
#include "engine/sequencer.h"
#include "engine/snapshotter.h"
#include "engine/workers.h"
#include "stet/engine.h"

namespace stet::engine {

// The thread that opened it calls everything: the log belongs to whoever starts it.
class Machine {
 public:
  struct Parts {
    const EngineOptions* options = nullptr;  // must outlive it; with a clock
    std::shared_ptr<Inbox> inbox = nullptr;
    std::shared_ptr<const Activities> activities = nullptr;
    Catalog* catalog = nullptr;        // must outlive it
    Ledger::Observer watch = nullptr;  // sees every event of this opening; may be null
  };

  // Nothing of the new epoch need be released when it returns.  Errors: those of Engine::Open.
  static absl::StatusOr<std::unique_ptr<Machine>> Open(Parts parts);

  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  // Without Run: as if the process had died here.  What the workers still have is left to itself.
  ~Machine();

  const EngineRecovery& recovery() const { return opening_.recovery; }
  Ledger& ledger() const { return *opening_.ledger; }
  Sequencer& loop() { return *loop_; }
  Workers& workers() { return *workers_; }
  wal::Writer* writer() const { return opening_.writer; }  // null for a memory engine

  // Drives the log until all that has happened is released.  Errors: the log's failure.
  absl::Status AwaitRelease();

  // Turns until the loop was closed, and ends it in order.
  absl::Status Run();

 private:
  Machine(Parts parts, std::unique_ptr<Workers> workers, Opening opening);
  void Observe();
  void LogOpened() const;
  std::shared_ptr<LoopPort> NewPort();
  std::optional<Snapshotter> NewSnapshotter();
  void LeaveWorkers();

  const Parts parts_;
  std::unique_ptr<Workers> workers_;
  Opening opening_;
  Progress progress_;
  const Logger log_;
  std::optional<Snapshotter> snapshotter_;
  const std::shared_ptr<LoopPort> port_;
  std::optional<Sequencer> loop_;
  bool ended_ = false;
};

}  // namespace stet::engine
