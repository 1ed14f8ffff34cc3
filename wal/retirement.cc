// What becomes of segments that nobody needs any more.
#include "wal/retirement.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "wal/segments.h"

namespace stet::wal {
namespace {

// One is being written while another is prepared: more would only take room.
constexpr size_t kSparesMax = 2;

}  // namespace

absl::Status Retirement::RetireBefore(uint64_t segno) {
  ASSIGN_OR_RETURN(const Listing listing, ListLog(identity_.storage, identity_.directory));
  for (const uint64_t old : listing.segnos) {
    if (old >= segno) break;
    RETURN_IF_ERROR(RetireOne(old));
    ++retired_;
  }
  return absl::OkStatus();
}

absl::Status Retirement::RetireOne(uint64_t segno) {
  const std::string name = SegmentName(segno);
  const std::string path = PathIn(identity_.directory, name);
  switch (identity_.retired) {
    case Retired::kArchive:
      RETURN_IF_ERROR(Archive(name));
      return identity_.storage->SyncDirectory(identity_.directory);
    case Retired::kRecycle: {
      ASSIGN_OR_RETURN(const bool kept, KeepAsSpare(path));
      if (kept) return absl::OkStatus();
      break;
    }
    case Retired::kDelete:
      break;
  }
  RETURN_IF_ERROR(identity_.storage->Remove(path));
  return identity_.storage->SyncDirectory(identity_.directory);
}

// The archive's name is durable before the log's own may be lost.
absl::Status Retirement::Archive(const std::string& name) {
  RETURN_IF_ERROR(identity_.storage->Rename(PathIn(identity_.directory, name),
                                            PathIn(identity_.archive_directory, name)));
  return identity_.storage->SyncDirectory(identity_.archive_directory);
}

bool Retirement::WantsSpare(uint64_t bytes) {
  MutexLock lock(mutex_);
  return bytes == identity_.segment_bytes && spares_.size() < kSparesMax;
}

// Until the new name is durable the file may be a segment again after a crash: so nothing is written
// to it before it is among the spares.
absl::StatusOr<bool> Retirement::KeepAsSpare(const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                   identity_.storage->Open(path, OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t bytes, file->Size());
  if (!WantsSpare(bytes)) return false;
  const auto retain =
      identity_.storage->TakeLock(PathIn(identity_.directory, kRetainName), absl::ZeroDuration());
  if (absl::IsFailedPrecondition(retain.status())) return false;
  RETURN_IF_ERROR(retain.status());
  // Only now: a backup that has just let go of the lock may have given it a second name.
  ASSIGN_OR_RETURN(const uint64_t links, file->Links());
  if (links != 1) return false;
  const std::string spare = path + std::string(kUnfinished);
  RETURN_IF_ERROR(identity_.storage->Rename(path, spare));
  RETURN_IF_ERROR(identity_.storage->SyncDirectory(identity_.directory));
  MutexLock lock(mutex_);
  spares_.push_back({.path = spare, .bytes = bytes});
  return true;
}

std::optional<std::string> Retirement::TakeSpare(uint64_t bytes) {
  MutexLock lock(mutex_);
  const auto spare = std::find_if(spares_.begin(), spares_.end(),
                                  [bytes](const Spare& kept) { return kept.bytes == bytes; });
  if (spare == spares_.end()) return std::nullopt;
  std::string path = std::move(spare->path);
  spares_.erase(spare);
  return path;
}

}  // namespace stet::wal
