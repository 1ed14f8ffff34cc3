// Opens the books.
#include "engine/opening.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status_macros.h"
#include "core/outstanding.h"
#include "core/refusal.h"
#include "engine/backup_note.h"
#include "engine/open_guard.h"
#include "engine/recover_books.h"
#include "stet/inspect.h"
#include "stet/wal/storage.h"

namespace stet::engine {
namespace {

// Blocks of the log, or parts of a snapshot, that wait to be applied.
constexpr size_t kAhead = 4;

void Note(const EngineOptions& options, std::string_view text) {
  if (options.on_note && !text.empty()) options.on_note(text);
}

// The log makes its own folder, but not the one around it.  Its name must be durable before
// anything in it is acknowledged.
absl::Status MakeDirectory(const EngineOptions& options) {
  std::unique_ptr<wal::Storage> own;
  wal::Storage* storage = options.log.storage;
  if (storage == nullptr) {
    // A ring that was asked for and is refused: said before anything is made.
    const bool ring = options.log.backend == wal::Backend::kUring;
    ASSIGN_OR_RETURN(own, wal::OpenStorage(ring ? wal::Backend::kUring : wal::Backend::kPosix));
    storage = own.get();
  }
  const std::filesystem::path directory = options.directory;
  const auto sync_parent = [storage](const std::filesystem::path& path) {
    const std::filesystem::path parent = path.parent_path();
    return storage->SyncDirectory(parent.empty() ? "." : parent.string());
  };
  // Whoever made the innermost directory that exists may have been killed before it was synced.  One
  // in a parent that we may not read is not ours.
  const auto sync_found = [&sync_parent](const std::filesystem::path& found) {
    const absl::Status status = found.empty() ? absl::OkStatus() : sync_parent(found);
    return absl::IsPermissionDenied(status) ? absl::OkStatus() : status;
  };
  std::filesystem::path made;
  std::filesystem::path found;
  for (const std::filesystem::path& part : directory) {
    made /= part;
    if (part.empty() || part == "/" || part == "." || part == "..") continue;
    const absl::Status status = storage->MakeDirectory(made.string());
    std::error_code error;
    // On the way down a directory that exists may still refuse the attempt.
    if (absl::IsAlreadyExists(status) ||
        (!status.ok() && std::filesystem::is_directory(made, error))) {
      found = made;
      continue;
    }
    RETURN_IF_ERROR(status);
    RETURN_IF_ERROR(sync_found(std::exchange(found, {})));
    RETURN_IF_ERROR(sync_parent(made));
  }
  return sync_found(found);
}

// The log's refusal in the engine's words: a locked directory carries a Reason.
absl::Status Translate(const absl::Status& status) {
  if (wal::RefusalOf(status) != wal::Refusal::kLocked) return status;
  return core::Refuse(absl::StatusCode::kFailedPrecondition, Reason::kLocked,
                      std::string(status.message()));
}

uint32_t CountInFlight(const core::State& state) {
  if (!state.activities().any_running()) return 0;
  const core::Effects effects = core::Outstanding(state);
  return static_cast<uint32_t>(
      std::count_if(effects.begin(), effects.end(), [](const core::Effect& effect) {
        return effect.kind == core::Effect::Kind::kDispatchAttempt;
      }));
}

std::vector<std::string> MissingActivities(const core::State& state, const EngineOptions& options) {
  std::set<const core::Definition*> seen;
  std::set<std::string> missing;
  const core::Definition* last = nullptr;  // Most often the next one has it too.
  for (const auto& execution : state.executions()) {
    if (execution->definition == last || IsTerminal(execution->state)) continue;
    last = execution->definition;
    if (!seen.insert(last).second) continue;
    for (const std::string& activity : execution->definition->activities()) {
      if (!activity.empty() && !options.activities.contains(activity)) missing.insert(activity);
    }
  }
  return {missing.begin(), missing.end()};
}

struct OpenLog {
  Books books = {};
  std::unique_ptr<Journal> journal = nullptr;
  wal::Writer* writer = nullptr;
  std::optional<SnapshotStore> snapshots = {};
  LogTail tail = {};
};

// Cuts work so that its groups fit into the batches of the log.
core::DecideOptions PartsFor(const wal::Options& log) {
  const auto batch_max = static_cast<uint32_t>(wal::BatchBytesMaxOf(log.segment_bytes));
  core::DecideOptions parts;
  // The last task of a part may make it larger than asked.
  parts.part_bytes = std::min(parts.part_bytes, batch_max / 4);
  parts.part_tasks = std::min(parts.part_tasks, std::max(1U, batch_max / 512));
  return parts;
}

absl::StatusOr<RecoveredBooks> RecoverGuarded(const EngineOptions& options, const wal::Options& log,
                                              const SnapshotStore& snapshots, wal::Storage& storage,
                                              EngineRecovery& recovery) {
  OpenGuard guard(storage, options.directory);
  guard.SlowDown(options.clock->Wall(), options.open_pause_max, options.on_note);
  // A storage that was given may belong to this thread alone.
  const bool alone = options.threads == Threads::kNone || options.log.storage != nullptr;
  absl::StatusOr<RecoveredBooks> recovered =
      RecoverBooks(log, snapshots, *options.clock, recovery, alone ? 0 : kAhead);
  const absl::Status took = guard.Took(recovered.status(), options.clock->Wall());
  if (!took.ok()) return took;
  return recovered;
}

absl::StatusOr<OpenLog> OpenDirectory(const EngineOptions& options, EngineRecovery& recovery) {
  ASSIGN_OR_RETURN(SnapshotStore snapshots, SnapshotStore::Open(options.directory, options.log));
  std::unique_ptr<wal::Storage> own;
  wal::Storage* storage = options.log.storage;
  if (storage == nullptr) {
    ASSIGN_OR_RETURN(own, wal::OpenStorage(wal::Backend::kPosix));
    storage = own.get();
  }
  RETURN_IF_ERROR(CheckNoBackup(*storage, options.directory));
  if (options.create) RETURN_IF_ERROR(MakeDirectory(options));
  wal::Options log = LogOptionsFor(options.directory, options.log);
  log.create = options.create;
  log.durability = options.durability;
  if (options.threads == Threads::kNone) log.helper_thread = false;
  absl::StatusOr<RecoveredBooks> recovered =
      RecoverGuarded(options, log, snapshots, *storage, recovery);
  if (!recovered.ok()) return Translate(recovered.status());
  Note(options, recovery.log.storage_note);
  for (const wal::Finding& finding : recovery.log.findings) {
    if (finding.severity != wal::Severity::kInfo) Note(options, finding.ToString());
  }
  ASSIGN_OR_RETURN(auto writer, wal::Writer::Start(std::move(recovered->log), log));
  OpenLog opened = {.books = std::move(recovered->books),
                    .writer = writer.get(),
                    .snapshots = std::move(snapshots),
                    .tail = recovered->tail};
  opened.journal = NewLogJournal(std::move(writer));
  return opened;
}

}  // namespace

absl::StatusOr<Opening> OpenBooks(const EngineOptions& options, Ledger::Observer watch) {
  Opening opening;
  OpenLog log;
  if (options.directory.empty()) {
    log.journal = NewMemoryJournal();
  } else {
    ASSIGN_OR_RETURN(log, OpenDirectory(options, opening.recovery));
  }
  const uint32_t epoch = log.journal->epoch();
  EngineTime time(options.clock, log.books.state.time(), options.on_note);
  opening.recovery.epoch = epoch;
  opening.recovery.attempts_lost = CountInFlight(log.books.state);
  opening.recovery.missing_activities = MissingActivities(log.books.state, options);
  core::DecideOptions decide =
      options.directory.empty() ? core::DecideOptions() : PartsFor(options.log);
  decide.breakers = {options.breakers.begin(), options.breakers.end()};
  opening.ledger = std::make_unique<Ledger>(std::move(log.books), std::move(log.journal),
                                            std::move(time), std::move(decide));
  opening.writer = log.writer;
  opening.snapshots = std::move(log.snapshots);
  opening.tail = log.tail;
  Ledger& ledger = *opening.ledger;
  ledger.SetObserver(std::move(watch));
  ledger.Tick();
  RETURN_IF_ERROR(
      ledger.ExecuteQuietly(core::OpenEngine{.epoch = epoch, .wall = ledger.time().wall()})
          .status());
  while (core::HasBacklog(ledger.state(), 0)) {
    RETURN_IF_ERROR(ledger.ExecuteQuietly(core::Continue{.execution = 0}).status());
  }
  return opening;
}

}  // namespace stet::engine
