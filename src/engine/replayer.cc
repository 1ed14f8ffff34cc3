// Examines, chooses where to begin, and steps.
#include "engine/replayer.h"

#include <algorithm>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status_macros.h"
#include "engine/replay.h"

namespace stet::engine {
namespace {

absl::Status RefusalStatus(const wal::RecoveryReport& log, const std::string& directory) {
  const wal::Finding* finding = log.refusal_finding();
  const std::string text = finding == nullptr ? "the log is refused" : finding->ToString();
  std::error_code error;
  switch (log.refusal) {
    case wal::Refusal::kNotALog:
      return absl::NotFoundError(text);
    case wal::Refusal::kNoAccess:
      return std::filesystem::exists(directory, error) ? absl::PermissionDeniedError(text)
                                                       : absl::NotFoundError(text);
    case wal::Refusal::kUnsupported:
      return absl::UnimplementedError(text);
    default:
      return absl::DataLossError(text);
  }
}

}  // namespace

absl::StatusOr<SnapshotStore> StoreBeside(const wal::Options& log) {
  const std::filesystem::path path = log.directory;
  const std::filesystem::path engine = path.filename() == "wal" ? path.parent_path() : path;
  return SnapshotStore::Open(engine.empty() ? "." : engine.string(), log);
}

wal::Options LogIn(const std::string& directory, const wal::Options& log) {
  wal::Options options = LogOptionsFor("", log);
  options.directory = wal::LogDirectory(directory);
  return options;
}

absl::StatusOr<Examined> ExamineLog(const wal::Options& log) {
  ASSIGN_OR_RETURN(const SnapshotStore store, StoreBeside(log));
  ASSIGN_OR_RETURN(std::vector<SnapshotInfo> snapshots, store.List());
  for (SnapshotInfo& snapshot : snapshots) {
    if (!snapshot.status.ok()) continue;
    snapshot.status = store.Verify(snapshot);
    if (!snapshot.status.ok()) continue;
    return Examined{.log = wal::Examine(log, {&snapshot.anchor, 1}),
                    .snapshots = std::move(snapshots)};
  }
  return Examined{.log = wal::Examine(log), .snapshots = std::move(snapshots)};
}

absl::StatusOr<Replayer> Replayer::Open(const ReplayOptions& options) {
  wal::Options log = LogIn(options.directory, options.log);
  ASSIGN_OR_RETURN(Examined examined, ExamineLog(log));
  if (examined.log.refused()) return RefusalStatus(examined.log, log.directory);
  Replayer replayer(options, std::move(log), std::move(examined));
  RETURN_IF_ERROR(replayer.Begin());
  return replayer;
}

absl::Status Replayer::Begin() {
  done_ = examined_.log.verdict == wal::Verdict::kUnborn;
  if (done_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const SnapshotStore store, StoreBeside(log_));
  RETURN_IF_ERROR(LoadBase(store));
  ASSIGN_OR_RETURN(wal::Scanner scanner, wal::Scanner::Open(log_));
  scanner_.emplace(std::move(scanner));
  return absl::OkStatus();
}

// The nearest snapshot before what is asked for; with `whole_log`, the first from which the log goes on.
absl::Status Replayer::LoadBase(const SnapshotStore& store) {
  const uint64_t first_seq = examined_.log.first_seq;
  const bool from_start = first_seq <= 1;
  if (options_.whole_log && from_start) return absl::OkStatus();
  const Pace pace;
  std::vector<SnapshotInfo> usable = examined_.snapshots;
  std::erase_if(usable, [&](const SnapshotInfo& snapshot) {
    return !snapshot.status.ok() || snapshot.anchor.seq > options_.at_seq ||
           snapshot.created > options_.at_time ||
           (!from_start && snapshot.anchor.seq + 1 < first_seq);
  });
  if (options_.whole_log) std::reverse(usable.begin(), usable.end());
  for (const SnapshotInfo& snapshot : usable) {
    absl::StatusOr<Books> books = store.Read(snapshot, pace);
    if (!books.ok()) continue;
    books_ = *std::move(books);
    base_ = snapshot;
    return absl::OkStatus();
  }
  if (from_start) return absl::OkStatus();
  return absl::OutOfRangeError(fmt::format(
      "the log begins with event {}, and no usable snapshot stands between it and what is asked "
      "for: the events before were given up",
      first_seq));
}

// Moves to the next accepted batch that holds something new; false behind the last one.
bool Replayer::NextBatch() {
  while (scanner_->Next()) {
    const wal::Span& span = scanner_->span();
    if (span.begin_lsn >= examined_.log.end_lsn) return false;
    if (span.kind != wal::Span::Kind::kBatch) continue;
    if (span.batch.first_seq + span.batch.record_count <= books_.state.seq() + 1) continue;
    if (absl::FromUnixNanos(span.batch.closed_ns) > options_.at_time) return false;
    at_ = 0;
    return true;
  }
  return false;
}

bool Replayer::stands_at_digest() const { return at_ == in_batch_ && batch().state_digest != 0; }

// The log may be written at this moment: what counts is what the report has accepted.
absl::StatusOr<bool> Replayer::End() {
  done_ = true;
  const uint64_t wanted = std::min(options_.at_seq, examined_.log.last_seq);
  if (options_.at_time != absl::InfiniteFuture() || books_.state.seq() >= wanted) return false;
  return absl::DataLossError(
      fmt::format("events from {} to {} cannot be read", books_.state.seq() + 1, wanted));
}

absl::StatusOr<bool> Replayer::Next() {
  if (done_ || books_.state.seq() >= options_.at_seq) return false;
  if (at_ == in_batch_) {
    if (!NextBatch()) return End();
    in_batch_ = scanner_->span().records.size();
  }
  const wal::Record& record = scanner_->span().records[at_++];
  RETURN_IF_ERROR(ReplayBatch(books_, batch(), {&record, 1}, options_.at_seq));
  return true;
}

}  // namespace stet::engine
