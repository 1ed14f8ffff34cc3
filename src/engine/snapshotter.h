// When snapshots are made, and what they allow to be given up.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "engine/inbox.h"
#include "engine/ledger.h"
#include "engine/replay_speed.h"
#include "engine/reply.h"
#include "engine/snapshot_job.h"
#include "engine/snapshot_store.h"
#include "stet/clock.h"
#include "stet/engine.h"
#include "stet/wal/writer.h"

namespace stet::engine {

// What opening has found, for the first decision.
struct SnapshotBase {
  std::optional<SnapshotInfo> newest = {};  // verified
  LogTail tail = {};                        // replayed behind it
  absl::Duration replay_time = absl::ZeroDuration();
};

// The loop's thread owns it; one job at a time works beside it.
class Snapshotter {
 public:
  struct Parts {
    SnapshotStore store;
    wal::Writer* writer = nullptr;
    Ledger* ledger = nullptr;
    std::shared_ptr<Inbox> inbox = nullptr;
    Clock* clock = nullptr;
    absl::Duration recovery_target = absl::Seconds(1);
    History history = History::kBounded;
    bool threads = true;  // a job has a thread of its own; false: whoever asks for it does it
    std::function<void(std::string_view)> on_note = nullptr;
  };
  Snapshotter(Parts parts, SnapshotBase base);

  // Each turn: begins a snapshot when replay of the log behind the last one would take half of the
  // target, so that it is there before all of it.
  void Consider();

  // One that holds all up to now; answers when it is on the disk.
  void Demand(const ReplyPtr<SnapshotInfo>& reply);

  // A job has ended.
  void TakeIn();

  // The loop has stopped, and nothing was closed: writes the live state if its log would take longer
  // to replay than the target.
  void AtClose();

  void AddTo(EngineStats& stats) const;
  wal::WriterStats writer_stats() const { return parts_.writer->stats(); }
  // When the newest was made; nothing: there is none.
  std::optional<absl::Time> newest() const {
    return newest_ ? std::optional(newest_->created) : std::nullopt;
  }

 private:
  bool Start();
  void Accept(const SnapshotInfo& made);
  void Report(const absl::Status& failure);
  void AnswerDemands(const absl::Status& failure);
  LogTail Tail() const;
  void Note(std::string_view text) const;

  Parts parts_;
  ReplaySpeed speed_;
  std::optional<SnapshotInfo> newest_;  // verified
  std::optional<SnapshotInfo> older_;   // verified, and kept
  // Where the tail begins: events and bytes that the newest does not hold, as counted by the ledger.
  LogTail before_;          // from before this opening
  uint64_t bytes_at_ = 0;   // Ledger::event_bytes when it was counted
  uint64_t job_bytes_ = 0;  // the same, when the job began

  std::atomic<uint64_t> turns_ = 0;  // of the loop; a job makes way for them
  std::unique_ptr<SnapshotJob> job_;
  absl::Duration not_before_ = absl::ZeroDuration();
  std::vector<std::pair<uint64_t, ReplyPtr<SnapshotInfo>>> demands_;  // with the seq they ask for
  uint64_t made_ = 0;
  uint64_t failed_ = 0;
  absl::Status last_;
};

}  // namespace stet::engine
