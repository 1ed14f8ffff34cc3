// One snapshot, made by replaying the log anew: not the state of the loop, so that the loop never waits,
// and a state that replay does not give is found out while the engine runs.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "engine/replay_speed.h"
#include "engine/snapshot_store.h"
#include "stet/clock.h"
#include "stet/wal/reader.h"

namespace stet::engine {

// Made, started and joined by one thread; another works.
class SnapshotJob {
 public:
  struct Parts {
    SnapshotStore* store = nullptr;
    // What to begin with, and the records behind it; nothing: from the first event on.
    std::optional<SnapshotInfo> base = {};
    wal::Reader reader;
    Clock* clock = nullptr;
    const std::atomic<uint64_t>* turns =
        nullptr;  // of the loop, for which it makes way (pace.h); null: for nobody
  };
  struct Result {
    absl::StatusOr<SnapshotInfo> snapshot = absl::UnknownError("not run");
    bool base_failed = false;                // the snapshot it began with could not be read
    absl::Status pruned = absl::OkStatus();  // whether older ones could be removed
    LogTail replayed = {};
    absl::Duration replay_time = absl::ZeroDuration();
    absl::Duration time = absl::ZeroDuration();    // all of it
    absl::Duration rested = absl::ZeroDuration();  // of that, making way
  };

  explicit SnapshotJob(Parts parts) : parts_(std::move(parts)), pace_(parts_.turns) {}
  ~SnapshotJob();
  SnapshotJob(const SnapshotJob&) = delete;
  SnapshotJob& operator=(const SnapshotJob&) = delete;

  // Calls `done` on the other thread when it has ended.  Errors: ResourceExhausted for no thread.
  absl::Status Start(std::function<void()> done);

  // The same on the calling thread: returns when it has ended.
  const Result& RunHere();

  // Asks it to end soon.
  void Stop() { pace_.GiveUp(); }

  // It makes way for nobody any more.
  void Hurry() { pace_.Hurry(); }

  // How it ended; waits for that.
  const Result& Join();

 private:
  absl::StatusOr<SnapshotInfo> Run();
  absl::StatusOr<wal::Anchor> Replay(Books& books);

  Parts parts_;
  Pace pace_;
  Result result_;
  std::thread thread_;
};

}  // namespace stet::engine
