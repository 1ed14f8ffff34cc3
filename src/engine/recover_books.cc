// Snapshots by their headers, then the lock, then the bytes: whoever holds the lock alone writes them.
#include "engine/recover_books.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status_macros.h"
#include "core/apply.h"
#include "engine/ahead.h"
#include "engine/record_blocks.h"
#include "engine/replay.h"

namespace stet::engine {
namespace {

// How often the snapshots may change between a look at them and the lock.
constexpr int kLooksMax = 5;

using Snapshots = std::vector<SnapshotInfo>;

bool SameFiles(const Snapshots& a, const Snapshots& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const SnapshotInfo& x, const SnapshotInfo& y) {
                      return x.file == y.file && x.anchor == y.anchor;
                    });
}

// What to know of snapshots that cannot be used, behind a refusal that one of them would have spared.
absl::Status Explain(const absl::Status& status, const std::vector<std::string>& unusable) {
  if (unusable.empty()) return status;
  std::string text(status.message());
  for (const std::string& why : unusable) text += fmt::format("; unusable snapshot: {}", why);
  absl::Status explained(status.code(), text);
  status.ForEachPayload(
      [&explained](auto url, const absl::Cord& payload) { explained.SetPayload(url, payload); });
  return explained;
}

// Rows 24 and 25: the log reaches back to an older snapshot, or to its own first event.
void Note(const SnapshotInfo& damaged, wal::RecoveryReport& report) {
  const int row = report.anchor ? 24 : 25;
  const uint64_t from = report.anchor ? report.anchor->seq : 0;
  report.findings.push_back(
      {.code = report.anchor ? "OLDER_SNAPSHOT" : "NO_SNAPSHOT",
       .severity = wal::Severity::kWarning,
       .row = row,
       .file = damaged.file,
       .text = fmt::format("it cannot be used; the log is replayed from seq {} on: {}", from + 1,
                           damaged.status.message())});
  if (std::find(report.rows.begin(), report.rows.end(), row) == report.rows.end()) {
    report.rows.push_back(row);
  }
}

class Recovery {
 public:
  Recovery(const wal::Options& log, const SnapshotStore& store, Clock& clock,
           EngineRecovery& recovery, size_t ahead)
      : log_(log), store_(store), clock_(clock), recovery_(recovery), ahead_(ahead) {}

  absl::StatusOr<RecoveredBooks> Run() {
    for (int look = 1;; ++look) {
      ASSIGN_OR_RETURN(Snapshots snapshots, store_.List());
      absl::StatusOr<RecoveredBooks> recovered = TryFrom(snapshots);
      // Whoever had the lock before us may have written one, and given up the log before it.
      ASSIGN_OR_RETURN(const Snapshots now, store_.List());
      if (!SameFiles(snapshots, now) && look < kLooksMax) continue;
      RETURN_IF_ERROR(recovered.status());
      return Finish(*std::move(recovered), snapshots);
    }
  }

 private:
  // The newest that can be used; those that cannot get a status.
  absl::StatusOr<RecoveredBooks> TryFrom(Snapshots& snapshots) {
    const absl::Duration begin = clock_.Monotonic();
    for (SnapshotInfo& snapshot : snapshots) {
      if (!snapshot.status.ok()) continue;
      ASSIGN_OR_RETURN(auto log, Recover({&snapshot.anchor, 1}, snapshots));
      absl::StatusOr<Books> books = store_.Read(snapshot, pace_, ahead_);
      snapshot.status = books.status();
      if (!books.ok()) continue;
      recovery_.snapshot_time = clock_.Monotonic() - begin;
      return RecoveredBooks{
          .log = std::move(log), .books = *std::move(books), .snapshot = snapshot};
    }
    ASSIGN_OR_RETURN(auto log, Recover({}, snapshots));
    return RecoveredBooks{.log = std::move(log)};
  }

  absl::StatusOr<wal::RecoveredLog> Recover(std::span<const wal::Anchor> anchors,
                                            const Snapshots& snapshots) {
    auto log = wal::Recover(log_, anchors);
    if (log.ok()) return log;
    std::vector<std::string> unusable;
    for (const SnapshotInfo& snapshot : snapshots) {
      if (!snapshot.status.ok()) unusable.emplace_back(snapshot.status.message());
    }
    return Explain(log.status(), unusable);
  }

  absl::StatusOr<RecoveredBooks> Finish(RecoveredBooks recovered, const Snapshots& snapshots) {
    recovery_.log = recovered.log.report();
    recovery_.snapshot = recovered.snapshot;
    for (const SnapshotInfo& snapshot : snapshots) {
      if (snapshot.status.ok()) continue;
      const bool missed = !recovered.snapshot || snapshot.file > recovered.snapshot->file;
      if (missed) Note(snapshot, recovery_.log);
      recovery_.unusable_snapshots.push_back(snapshot);
    }
    const absl::Duration begin = clock_.Monotonic();
    const uint64_t from = recovered.books.state.seq();
    wal::Reader reader = recovered.log.NewReader();
    Ahead<RecordBlock> blocks([&reader](RecordBlock& block) { return NextBlock(reader, block); },
                              ahead_);
    while (const RecordBlock* const block = blocks.Next()) {
      RETURN_IF_ERROR(ReplayBlock(recovered.books, *block));
      for (const core::EventRef& event : block->events) {
        recovered.tail.bytes += RecordBytes(event.payload.size());
      }
    }
    core::Settle(recovered.books.state);
    recovery_.replay_time = clock_.Monotonic() - begin;
    recovered.tail.events = recovered.books.state.seq() - from;
    recovery_.events_replayed = recovered.tail.events;
    return recovered;
  }

  const wal::Options& log_;
  const SnapshotStore& store_;
  Clock& clock_;
  EngineRecovery& recovery_;
  const size_t ahead_;
  const Pace pace_ = Pace();
};

}  // namespace

absl::StatusOr<RecoveredBooks> RecoverBooks(const wal::Options& log, const SnapshotStore& store,
                                            Clock& clock, EngineRecovery& recovery, size_t ahead) {
  return Recovery(log, store, clock, recovery, ahead).Run();
}

}  // namespace stet::engine
