// Lines of text, and a check at their end.
#include "engine/backup_note.h"

#include <xxhash.h>

#include <array>
#include <charconv>
#include <memory>
#include <string_view>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace stet::engine {
namespace {

constexpr size_t kBytesMax = 4096;

std::string NotePath(const std::string& directory) { return directory + "/BACKUP"; }
std::string UnfinishedNotePath(const std::string& directory) { return directory + "/BACKUP.tmp"; }

std::string CheckOf(std::string_view text) {
  return fmt::format("check {:016x}\n", XXH3_64bits(text.data(), text.size()));
}

std::string TextOf(const BackupNote& note) {
  std::string text =
      fmt::format("stet-backup 1\nstate {}\n", note.finished ? "finished" : "unfinished");
  if (note.finished) {
    text += fmt::format("log_id {}\nseq {}\nlsn {:016x}\nbatch {:016x}{:016x}\n", note.log_id,
                        note.end.seq, note.end.lsn, note.end.batch_id.high, note.end.batch_id.low);
  }
  return text + CheckOf(text);
}

// The value of the line `name`; empty if there is none.
std::string_view ValueOf(std::string_view text, const std::string& name) {
  const size_t at = text.find("\n" + name + " ");
  if (at == std::string_view::npos) return {};
  const std::string_view value = text.substr(at + name.size() + 2);
  return value.substr(0, value.find('\n'));
}

uint64_t NumberFrom(std::string_view text, int base) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

}  // namespace

absl::Status WriteBackupNote(wal::Storage& storage, const std::string& directory,
                             const BackupNote& note) {
  const std::string unfinished = UnfinishedNotePath(directory);
  if (absl::Status removed = storage.Remove(unfinished);
      !removed.ok() && !absl::IsNotFound(removed)) {
    return removed;
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<wal::File> file,
                   storage.Open(unfinished, wal::OpenMode::kCreate));
  const std::string text = TextOf(note);
  RETURN_IF_ERROR(file->Write(0, std::as_bytes(std::span(text.data(), text.size()))));
  RETURN_IF_ERROR(file->Flush());
  RETURN_IF_ERROR(storage.Rename(unfinished, NotePath(directory)));
  return storage.SyncDirectory(directory);
}

absl::StatusOr<std::optional<BackupNote>> ReadBackupNote(wal::Storage& storage,
                                                         const std::string& directory) {
  const std::string path = NotePath(directory);
  const auto file = storage.Open(path, wal::OpenMode::kRead);
  if (absl::IsNotFound(file.status())) {
    // Its first one may never have got its name.
    const auto begun = storage.Open(UnfinishedNotePath(directory), wal::OpenMode::kRead);
    return begun.ok() ? std::optional<BackupNote>(BackupNote{}) : std::nullopt;
  }
  RETURN_IF_ERROR(file.status());
  std::array<std::byte, kBytesMax> bytes = {};
  ASSIGN_OR_RETURN(const size_t got, (*file)->Read(0, bytes));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), got);
  const size_t check = text.rfind("check ");
  if (!text.starts_with("stet-backup ") || check == std::string_view::npos ||
      text.substr(check) != CheckOf(text.substr(0, check))) {
    return absl::DataLossError(fmt::format("{}: its text does not have the check it says", path));
  }
  if (!text.starts_with("stet-backup 1\n")) {
    return absl::UnimplementedError(fmt::format("{}: made by a newer version", path));
  }
  const std::string_view batch = ValueOf(text, "batch");
  return BackupNote{
      .finished = ValueOf(text, "state") == "finished",
      .log_id = std::string(ValueOf(text, "log_id")),
      .end = {.seq = NumberFrom(ValueOf(text, "seq"), 10),
              .lsn = NumberFrom(ValueOf(text, "lsn"), 16),
              .batch_id = {.low = NumberFrom(batch.substr(batch.size() / 2), 16),
                           .high = NumberFrom(batch.substr(0, batch.size() / 2), 16)}}};
}

absl::Status RemoveBackupNote(wal::Storage& storage, const std::string& directory) {
  RETURN_IF_ERROR(storage.Remove(NotePath(directory)));
  return storage.SyncDirectory(directory);
}

absl::Status CheckNoBackup(wal::Storage& storage, const std::string& directory) {
  const auto note = ReadBackupNote(storage, directory);
  // A directory that cannot be read is refused by whoever reads it next, in better words.
  const bool strange = absl::IsDataLoss(note.status()) || absl::IsUnimplemented(note.status());
  if (note.ok() ? !note->has_value() : !strange) return absl::OkStatus();
  if (note.ok() && (*note)->finished) {
    return absl::FailedPreconditionError(fmt::format(
        "{} is a backup, and stays as it is: `stet restore {} NEW` makes a directory of it",
        directory, directory));
  }
  return absl::FailedPreconditionError(fmt::format(
      "{} is what a backup or a restore has left unfinished: remove it and begin anew", directory));
}

}  // namespace stet::engine
