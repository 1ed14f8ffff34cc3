// Names, and the steps that make a name stand for a whole snapshot.
#include "engine/snapshot_store.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace stet::engine {
namespace {

constexpr std::string_view kSuffix = ".snapshot";
constexpr std::string_view kUnfinished = ".tmp";

std::string NameOf(uint64_t seq) { return fmt::format("{:016x}{}", seq, kSuffix); }

// Nothing for what is no snapshot's name.
std::optional<uint64_t> SeqOf(const std::string& name) {
  uint64_t seq = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), seq, 16);
  if (error != std::errc() || name != NameOf(seq)) return std::nullopt;
  return seq;
}

}  // namespace

SnapshotStore::SnapshotStore(std::unique_ptr<wal::Storage> own, wal::Storage* storage,
                             std::string folder)
    : own_(std::move(own)), storage_(storage), folder_(std::move(folder)) {}

absl::StatusOr<SnapshotStore> SnapshotStore::Open(std::string_view directory,
                                                  const wal::Options& log) {
  std::string folder = fmt::format("{}/snapshots", directory);
  if (log.storage != nullptr) return SnapshotStore(nullptr, log.storage, std::move(folder));
  ASSIGN_OR_RETURN(auto own, wal::OpenStorage(wal::Backend::kPosix));
  wal::Storage* const storage = own.get();
  return SnapshotStore(std::move(own), storage, std::move(folder));
}

SnapshotInfo SnapshotStore::Look(const std::string& name, uint64_t seq) const {
  SnapshotInfo info = {.file = fmt::format("{}/{}", folder_, name)};
  const auto file = storage_->Open(info.file, wal::OpenMode::kRead);
  if (file.ok()) info.bytes = (*file)->Size().value_or(0);
  const auto reader = SnapshotFileReader::Open(*storage_, info.file);
  if (!reader.ok()) {
    info.status = reader.status();
    return info;
  }
  const SnapshotHead& head = reader->head();
  if (head.anchor.seq != seq || seq == 0) {
    info.status = absl::DataLossError(
        fmt::format("{}: by its name a snapshot at seq {}, by its header one at seq {}", info.file,
                    seq, head.anchor.seq));
    return info;
  }
  info.anchor = head.anchor;
  info.digest = head.state_digest;
  info.created = absl::FromUnixNanos(head.created_ns);
  return info;
}

absl::StatusOr<std::vector<SnapshotInfo>> SnapshotStore::List() const {
  const auto names = storage_->List(folder_);
  if (absl::IsNotFound(names.status())) return std::vector<SnapshotInfo>();
  RETURN_IF_ERROR(names.status());
  std::vector<SnapshotInfo> found;
  // Names are sorted, and of one length.
  for (auto name = names->rbegin(); name != names->rend(); ++name) {
    if (const auto seq = SeqOf(*name)) found.push_back(Look(*name, *seq));
  }
  return found;
}

absl::Status SnapshotStore::Verify(const SnapshotInfo& snapshot) const {
  ASSIGN_OR_RETURN(SnapshotFileReader reader, SnapshotFileReader::Open(*storage_, snapshot.file));
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) return absl::OkStatus();
  }
}

// Its name must be durable before a snapshot in it counts.
absl::Status SnapshotStore::MakeFolder() {
  const absl::Status made = storage_->MakeDirectory(folder_);
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  RETURN_IF_ERROR(storage_->SyncDirectory(folder_.substr(0, folder_.rfind('/'))));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, storage_->List(folder_));
  for (const std::string& name : names) {
    if (!name.ends_with(kUnfinished)) continue;
    RETURN_IF_ERROR(storage_->Remove(fmt::format("{}/{}", folder_, name)));
  }
  return absl::OkStatus();
}

absl::StatusOr<SnapshotInfo> SnapshotStore::Write(const Books& books, const wal::Anchor& anchor,
                                                  const Pace& pace) {
  RETURN_IF_ERROR(MakeFolder());
  const SnapshotHead head = {
      .anchor = anchor, .state_digest = books.state.digest(), .created_ns = storage_->WallNanos()};
  const std::string path = fmt::format("{}/{}", folder_, NameOf(anchor.seq));
  const std::string unfinished = path + std::string(kUnfinished);
  const auto bytes = WriteBooks(books, head, *storage_, unfinished, pace);
  if (!bytes.ok()) {
    storage_->Remove(unfinished).IgnoreError();
    return bytes.status();
  }
  RETURN_IF_ERROR(storage_->Rename(unfinished, path));
  RETURN_IF_ERROR(storage_->SyncDirectory(folder_));
  return SnapshotInfo{.file = path,
                      .bytes = *bytes,
                      .anchor = anchor,
                      .digest = head.state_digest,
                      .created = absl::FromUnixNanos(head.created_ns)};
}

absl::Status SnapshotStore::Prune(const SnapshotInfo& newer, const SnapshotInfo& older) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, storage_->List(folder_));
  bool removed = false;
  for (const std::string& name : names) {
    const std::string path = fmt::format("{}/{}", folder_, name);
    if (!SeqOf(name) || path == newer.file || path == older.file) continue;
    RETURN_IF_ERROR(storage_->Remove(path));
    removed = true;
  }
  return removed ? storage_->SyncDirectory(folder_) : absl::OkStatus();
}

}  // namespace stet::engine
