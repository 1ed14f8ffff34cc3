// Names, locks and time of a SimStorage.
#include "tests/sim/sim_storage.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "tests/sim/sim_queue.h"
#include "wal/io/io_error.h"

namespace stet::wal {

class SimLock final : public Lock {
 public:
  SimLock(SimStorage* storage, std::string path) : storage_(storage), path_(std::move(path)) {}
  ~SimLock() override { std::erase(storage_->locked_, path_); }

 private:
  SimStorage* const storage_;
  const std::string path_;
};

SimStorage::SimStorage(SimDisk disk, uint64_t seed)
    : disk_(std::move(disk)), random_(seed), salts_(seed ^ 0x5a17) {}

bool SimStorage::Chance(double rate) {
  return rate > 0 && static_cast<double>(random_() >> 11) < rate * 0x1p53;
}

bool SimStorage::TellsCacheLoss(SimContent* content) {
  if (dead_ || !content->TakeCacheLoss()) return false;
  ++errors_;
  Say("-- the cache was lost");
  return true;
}

void SimStorage::FailFlush(SimContent* content, uint64_t number) {
  if (dead_) return;
  if (faults.flush_failure != FlushFailure::kCacheLost) {
    return content->FailFlush(number, faults.flush_failure, random_);
  }
  disk_.LoseCaches();
  content->TakeCacheLoss();
}

void SimStorage::Say(const std::string& what) {
  if (keep_history && !history_.empty()) history_.back() += " " + what;
}

SimDisk SimStorage::Crash(CrashPolicy policy) { return disk_.Crash(policy, random_); }

absl::StatusOr<std::unique_ptr<File>> SimStorage::Open(const std::string& path, OpenMode mode) {
  if (dead_) return IoError(EIO, "open", path);
  if (mode == OpenMode::kCreate) {
    if (disk_.Find(path) != nullptr) return IoError(EEXIST, "create", path);
    const int error = Count(faults.name_error, [&] { return "create " + path; });
    if (Takes(error)) disk_.Create(path);
    if (error != 0) return IoError(error, "create", path);
  }
  const auto found = disk_.names().find(path);
  if (found == disk_.names().end()) return IoError(ENOENT, "open", path);
  return std::make_unique<SimFile>(this, path, found->second);
}

absl::StatusOr<std::vector<std::string>> SimStorage::List(const std::string& directory) {
  if (dead_) return IoError(EIO, "list", directory);
  if (!disk_.HasDirectory(directory)) return IoError(ENOENT, "list", directory);
  return disk_.List(directory);
}

absl::Status SimStorage::Rename(const std::string& from, const std::string& to) {
  const int error = Count(faults.name_error, [&] { return "rename " + from + " to " + to; });
  if (disk_.Find(from) == nullptr) return IoError(ENOENT, "rename", from);
  if (Takes(error)) disk_.Rename(from, to);
  if (error != 0) return IoError(error, "rename", from);
  return absl::OkStatus();
}

absl::Status SimStorage::Remove(const std::string& path) {
  const int error = Count(faults.name_error, [&] { return "remove " + path; });
  if (disk_.Find(path) == nullptr) return IoError(ENOENT, "remove", path);
  if (Takes(error)) disk_.Remove(path);
  if (error != 0) return IoError(error, "remove", path);
  return absl::OkStatus();
}

absl::Status SimStorage::Link(const std::string& from, const std::string& to) {
  const int error = Count(faults.name_error, [&] { return "link " + from + " to " + to; });
  if (disk_.Find(from) == nullptr) return IoError(ENOENT, "link", from);
  if (disk_.Find(to) != nullptr) return IoError(EEXIST, "link", to);
  if (Takes(error)) disk_.Link(from, to);
  if (error != 0) return IoError(error, "link", from);
  return absl::OkStatus();
}

absl::Status SimStorage::MakeDirectory(const std::string& path) {
  const int error = Count(faults.name_error, [&] { return "make directory " + path; });
  if (disk_.HasDirectory(path)) return IoError(EEXIST, "make directory", path);
  if (Takes(error)) disk_.MakeDirectory(path);
  if (error != 0) return IoError(error, "make directory", path);
  return absl::OkStatus();
}

absl::Status SimStorage::SyncDirectory(const std::string& directory) {
  const int error = Count(faults.name_error, [&] { return "sync directory " + directory; });
  if (error != 0) return IoError(error, "flush directory", directory);
  disk_.SyncNames(directory);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Lock>> SimStorage::TakeLock(const std::string& path,
                                                           absl::Duration /*wait_max*/) {
  if (dead_) return IoError(EIO, "lock", path);
  if (std::find(locked_.begin(), locked_.end(), path) != locked_.end()) {
    return absl::FailedPreconditionError("lock " + path + ": held by process 1");
  }
  if (disk_.Find(path) == nullptr) disk_.Create(path);
  locked_.push_back(path);
  return std::make_unique<SimLock>(this, path);
}

absl::StatusOr<std::unique_ptr<Queue>> SimStorage::NewQueue() {
  return std::make_unique<SimQueue>(this);
}

}  // namespace stet::wal
