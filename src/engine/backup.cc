// Snapshots, then the log, then the note that it is whole; and back.
#include "stet/backup.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "engine/aligned_bytes.h"
#include "engine/backup_note.h"
#include "engine/replayer.h"
#include "stet/inspect.h"
#include "stet/wal/copy.h"
#include "stet/wal/inspect.h"

namespace stet {
namespace {

using engine::BackupNote;

// How often the log may give up its beginning while it is copied.
constexpr int kTriesMax = 5;
constexpr size_t kCopyBytes = 1 << 20;

std::string ParentOf(const std::string& directory) {
  const std::filesystem::path parent = std::filesystem::path(directory).parent_path();
  return parent.empty() ? "." : parent.string();
}

std::string WithoutSlash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// The directory of an engine, of which a log may have been named.
std::string EngineDirectory(const std::string& directory) {
  const std::filesystem::path log = wal::LogDirectory(directory);
  return log.filename() == "wal" ? log.parent_path().string() : directory;
}

// From one directory into a new one.
class Transfer {
 public:
  // `on_machine`: the storage's paths are those of this machine's files.
  Transfer(std::string from, std::string to, wal::Storage* storage, bool on_machine)
      : from_(std::move(from)), to_(std::move(to)), storage_(*storage), on_machine_(on_machine) {
    log_.storage = storage;
  }

  // The new directory, which nobody takes for more than it is.
  absl::Status Begin() {
    const absl::Status made = storage_.MakeDirectory(to_);
    if (absl::IsAlreadyExists(made)) {
      return absl::AlreadyExistsError(
          fmt::format("{}: exists; nothing is overwritten, name a new directory", to_));
    }
    RETURN_IF_ERROR(made);
    made_ = true;
    RETURN_IF_ERROR(storage_.SyncDirectory(ParentOf(to_)));
    return engine::WriteBackupNote(storage_, to_, {});
  }

  // Copies snapshots and log.  Tries again when the log gave up its beginning meanwhile: then the
  // snapshots are others.
  absl::StatusOr<wal::LogCopy> Copy(const wal::CopyOptions& how) {
    for (int tries = 1;; ++tries) {
      absl::StatusOr<wal::LogCopy> copy = CopyOnce(how);
      if (!absl::IsAborted(copy.status()) || tries == kTriesMax) return copy;
      RemoveFiles();
      report_ = {};
    }
  }

  // Replays what was written.
  absl::StatusOr<BackupReport> Report(const wal::LogCopy& copy) {
    ASSIGN_OR_RETURN(const Replayed state, Replay({.directory = to_ + "/wal", .log = log_}));
    if (state.seq() != copy.end.seq) {
      return absl::DataLossError(fmt::format("{}: expected seq {} at its end, replay ends at {}",
                                             to_, copy.end.seq, state.seq()));
    }
    report_.seq = copy.end.seq;
    report_.time = absl::FromUnixNanos(copy.closed_ns);
    report_.digest = state.digest();
    report_.first_seq = copy.first_seq;
    report_.log_id = copy.log_id;
    report_.files_linked += static_cast<uint32_t>(copy.segments_linked);
    report_.files_copied += static_cast<uint32_t>(copy.segments_copied);
    report_.bytes_copied += copy.bytes_copied;
    report_.dropped_first_seq = copy.dropped_first_seq;
    report_.dropped_last_seq = copy.dropped_last_seq;
    return report_;
  }

  // Removes what was made, the note that it is unfinished last.
  void Undo() {
    if (!made_) return;
    storage_.Remove(to_ + "/wal/LOG_ID").IgnoreError();
    RemoveFiles();
    storage_.Remove(to_ + "/BACKUP.tmp").IgnoreError();
    storage_.Remove(to_ + "/BACKUP").IgnoreError();
    if (!on_machine_) return;  // A Storage removes no directories.
    std::error_code ignored;
    for (const char* folder : {"/wal", "/snapshots", ""}) {
      std::filesystem::remove(to_ + folder, ignored);
    }
  }

 private:
  absl::StatusOr<wal::LogCopy> CopyOnce(wal::CopyOptions how) {
    ASSIGN_OR_RETURN(const engine::SnapshotStore store, engine::SnapshotStore::Open(from_, log_));
    ASSIGN_OR_RETURN(std::vector<SnapshotInfo> snapshots, store.List());
    std::erase_if(snapshots, [&](const SnapshotInfo& snapshot) {
      return !snapshot.status.ok() || !store.Verify(snapshot).ok();
    });
    for (const SnapshotInfo& snapshot : snapshots) how.anchors.push_back(snapshot.anchor);
    how.source = LogOptionsFor(from_, log_);
    how.target = to_ + "/wal";
    ASSIGN_OR_RETURN(wal::LogCopy copy, wal::CopyLog(how));
    std::erase_if(snapshots,
                  [&](const SnapshotInfo& snapshot) { return snapshot.anchor.seq > copy.end.seq; });
    RETURN_IF_ERROR(CopySnapshots(snapshots, how.link));
    return copy;
  }

  absl::Status CopySnapshots(const std::vector<SnapshotInfo>& snapshots, bool link) {
    if (snapshots.empty()) return absl::OkStatus();
    const std::string folder = to_ + "/snapshots";
    const absl::Status made = storage_.MakeDirectory(folder);
    if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
    for (const SnapshotInfo& snapshot : snapshots) {
      const std::string to = folder + snapshot.file.substr(snapshot.file.rfind('/'));
      absl::Status done = link ? storage_.Link(snapshot.file, to) : absl::UnimplementedError("");
      report_.files_linked += done.ok() ? 1 : 0;
      if (absl::IsUnimplemented(done)) done = CopyFile(snapshot.file, to);
      // Two newer ones were made: the log may need them.
      if (absl::IsNotFound(done)) return absl::AbortedError(done.message());
      RETURN_IF_ERROR(done);
      ++report_.snapshots;
    }
    RETURN_IF_ERROR(storage_.SyncDirectory(folder));
    RETURN_IF_ERROR(storage_.SyncDirectory(to_));
    ASSIGN_OR_RETURN(const engine::SnapshotStore store, engine::SnapshotStore::Open(to_, log_));
    ASSIGN_OR_RETURN(const std::vector<SnapshotInfo> written, store.List());
    for (const SnapshotInfo& snapshot : written) RETURN_IF_ERROR(store.Verify(snapshot));
    return absl::OkStatus();
  }

  absl::Status CopyFile(const std::string& from, const std::string& to) {
    ASSIGN_OR_RETURN(const auto source, storage_.Open(from, wal::OpenMode::kRead));
    ASSIGN_OR_RETURN(const auto target, storage_.Open(to, wal::OpenMode::kCreate));
    const engine::AlignedBytes buffer(kCopyBytes, target->alignment());
    ASSIGN_OR_RETURN(const uint64_t size, source->Size());
    for (uint64_t at = 0; at < size; at += kCopyBytes) {
      ASSIGN_OR_RETURN(const size_t got, source->Read(at, buffer.first(buffer.size())));
      RETURN_IF_ERROR(target->Write(at, buffer.first(got)));
    }
    ++report_.files_copied;
    report_.bytes_copied += size;
    return target->Flush();
  }

  void RemoveFiles() {
    for (const std::string& folder : {to_ + "/wal", to_ + "/snapshots"}) {
      const auto names = storage_.List(folder);
      if (!names.ok()) continue;
      for (const std::string& name : *names) {
        storage_.Remove(fmt::format("{}/{}", folder, name)).IgnoreError();
      }
    }
  }

  const std::string from_;
  const std::string to_;
  wal::Storage& storage_;
  const bool on_machine_;
  wal::Options log_;
  bool made_ = false;
  BackupReport report_;
};

absl::StatusOr<wal::Storage*> StorageOf(const wal::Options& log,
                                        std::unique_ptr<wal::Storage>* own) {
  if (log.storage != nullptr) return log.storage;
  ASSIGN_OR_RETURN(*own, wal::OpenStorage(wal::Backend::kPosix));
  return own->get();
}

// What the note of a backup promises is there.
absl::Status CheckPromise(wal::Storage& storage, const std::string& backup,
                          const wal::Options& log) {
  ASSIGN_OR_RETURN(const std::optional<BackupNote> note, engine::ReadBackupNote(storage, backup));
  if (!note) return absl::OkStatus();
  if (!note->finished) {
    return absl::FailedPreconditionError(
        fmt::format("{}: the backup was not finished; take another one", backup));
  }
  const wal::RecoveryReport report = wal::Examine(LogOptionsFor(backup, log), {&note->end, 1});
  if (!report.refused()) return absl::OkStatus();
  return absl::DataLossError(fmt::format("{}: not what it was when it was made: {}", backup,
                                         report.refusal_finding()->ToString()));
}

absl::StatusOr<BackupReport> BackUp(Transfer& transfer, wal::Storage& storage,
                                    const std::string& to, bool link) {
  RETURN_IF_ERROR(transfer.Begin());
  ASSIGN_OR_RETURN(const wal::LogCopy copy, transfer.Copy({.link = link}));
  ASSIGN_OR_RETURN(BackupReport report, transfer.Report(copy));
  RETURN_IF_ERROR(engine::WriteBackupNote(
      storage, to, {.finished = true, .log_id = copy.log_id, .end = copy.end}));
  return report;
}

absl::StatusOr<BackupReport> BringBack(Transfer& transfer, wal::Storage& storage,
                                       const std::string& to, const RestoreOptions& options) {
  RETURN_IF_ERROR(transfer.Begin());
  ASSIGN_OR_RETURN(const wal::LogCopy copy, transfer.Copy({.last_seq = options.at_seq,
                                                           .closed_by = options.at_time,
                                                           .new_log = true,
                                                           .link = false}));
  ASSIGN_OR_RETURN(BackupReport report, transfer.Report(copy));
  RETURN_IF_ERROR(engine::RemoveBackupNote(storage, to));
  return report;
}

}  // namespace

absl::StatusOr<BackupReport> Backup(const BackupOptions& options) {
  std::unique_ptr<wal::Storage> own;
  ASSIGN_OR_RETURN(wal::Storage* const storage, StorageOf(options.log, &own));
  const std::string from = WithoutSlash(EngineDirectory(options.directory));
  const std::string to = WithoutSlash(options.backup);
  ASSIGN_OR_RETURN(const std::optional<BackupNote> note, engine::ReadBackupNote(*storage, from));
  if (note && !note->finished) {
    return absl::FailedPreconditionError(fmt::format("{}: a backup that was not finished", from));
  }
  Transfer transfer(from, to, storage, own != nullptr);
  absl::StatusOr<BackupReport> report = BackUp(transfer, *storage, to, options.link);
  if (!report.ok()) transfer.Undo();
  return report;
}

absl::StatusOr<BackupReport> Restore(const RestoreOptions& options) {
  std::unique_ptr<wal::Storage> own;
  ASSIGN_OR_RETURN(wal::Storage* const storage, StorageOf(options.log, &own));
  const std::string from = WithoutSlash(EngineDirectory(options.backup));
  const std::string to = WithoutSlash(options.directory);
  RETURN_IF_ERROR(CheckPromise(*storage, from, options.log));
  Transfer transfer(from, to, storage, own != nullptr);
  absl::StatusOr<BackupReport> report = BringBack(transfer, *storage, to, options);
  if (!report.ok()) transfer.Undo();
  return report;
}

}  // namespace stet
