// A Storage over a SimDisk.
#include "tests/sim/sim_storage.h"

#include <errno.h>

#include <algorithm>
#include <cassert>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "wal/io/io_error.h"

namespace stet::wal {

class SimFile final : public File {
 public:
  SimFile(SimStorage* storage, std::string path, std::shared_ptr<SimContent> content)
      : storage_(storage), path_(std::move(path)), content_(std::move(content)) {}

  absl::StatusOr<size_t> Read(uint64_t offset, std::span<std::byte> out) override {
    if (storage_->dead_) return IoErrorAt(EIO, "read", path_, offset, out.size());
    const auto& bytes = content_->bytes;
    if (offset >= bytes.size()) return 0;
    const size_t size = std::min<uint64_t>(out.size(), bytes.size() - offset);
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), size, out.begin());
    return size;
  }

  absl::Status Write(uint64_t offset, Bytes data) override {
    const int error = storage_->Count(fmt::format("write {} at {}", path_, offset));
    // Also of a write that fails, or that the power cut meets, any part may reach the disk.
    if (error != ENOSPC) content_->Write(offset, data, storage_->NextWrite());
    if (error != 0) return IoErrorAt(error, "write", path_, offset, data.size());
    return absl::OkStatus();
  }

  absl::Status Flush() override {
    const int error = storage_->Count("flush " + path_);
    if (error != 0) return IoError(error, "flush", path_);
    content_->Flush(storage_->writes_);
    return absl::OkStatus();
  }

  absl::Status Allocate(uint64_t bytes) override {
    int error = storage_->Count("allocate " + path_);
    const uint64_t more = bytes - std::min<uint64_t>(bytes, content_->bytes.size());
    if (error == 0 && storage_->disk_.UsedBytes() + more > storage_->faults.capacity)
      error = ENOSPC;
    if (error != 0) return IoErrorAt(error, "allocate", path_, 0, bytes);
    if (content_->bytes.size() < bytes) content_->bytes.resize(bytes);
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Size() override { return content_->bytes.size(); }
  const std::string& path() const override { return path_; }
  uint32_t alignment() const override { return 4096; }
  SimContent& content() { return *content_; }

 private:
  SimStorage* const storage_;
  const std::string path_;
  const std::shared_ptr<SimContent> content_;
};

class SimQueue final : public Queue {
 public:
  explicit SimQueue(SimStorage* storage) : storage_(storage) {}

  // From here on a power cut may leave any part of a write on the disk.
  absl::Status Submit(std::span<const Op> ops) override {
    for (const Op& op : ops) {
      pending_.push_back({op, storage_->writes_});
      if (op.kind != Op::Kind::kFlush) Content(op).Write(op.offset, op.data, kSimInFlight);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration wait_max) override {
    if (wait_max <= absl::ZeroDuration()) return 0;
    if (pending_.empty()) {
      storage_->now_ns_ += absl::ToInt64Nanoseconds(std::min(wait_max, absl::Seconds(1)));
      return 0;
    }
    size_t index = 0;
    if (storage_->order == SimOrder::kLifo) index = pending_.size() - 1;
    if (storage_->order == SimOrder::kRandom) index = storage_->random_() % pending_.size();
    const auto chosen = pending_.begin() + static_cast<ptrdiff_t>(index);
    const Pending pending = *chosen;
    pending_.erase(chosen);
    out[0] = {.token = pending.op.token, .result = Execute(pending)};
    return 1;
  }

  void Wake() override {}
  size_t depth() const override { return 16; }

 private:
  struct Pending {
    Op op;
    uint64_t writes_before = 0;
  };

  static SimContent& Content(const Op& op) { return static_cast<SimFile*>(op.file)->content(); }

  int64_t Execute(const Pending& pending) {
    const Op& op = pending.op;
    if (op.kind == Op::Kind::kFlush) {
      const int error = storage_->Count("queued flush " + op.file->path());
      if (error == 0) Content(op).Flush(pending.writes_before);
      return -error;
    }
    const int error = storage_->Count(
        fmt::format("queued write {} at {}, {} bytes", op.file->path(), op.offset, op.data.size()));
    if (error != 0) return -error;
    uint64_t done = op.data.size();
    const bool cut = ++storage_->queued_writes_ == storage_->faults.short_write;
    if (cut) done = std::min<uint64_t>(done - 1, 4096) / 4096 * 4096;
    Content(op).Complete(op.offset, done, storage_->NextWrite());
    if (op.kind == Op::Kind::kWriteDurable) Content(op).FlushRange(op.offset, done);
    // The flush of a linked pair is cancelled by a short write.
    if (op.kind == Op::Kind::kWriteLinkedFlush && !cut) Content(op).Flush(storage_->writes_);
    return static_cast<int64_t>(done);
  }

  SimStorage* const storage_;
  std::deque<Pending> pending_;
};

class SimLock final : public Lock {
 public:
  SimLock(SimStorage* storage, std::string path) : storage_(storage), path_(std::move(path)) {}
  ~SimLock() override { std::erase(storage_->locked_, path_); }

 private:
  SimStorage* const storage_;
  const std::string path_;
};

SimStorage::SimStorage(SimDisk disk, uint64_t seed) : disk_(std::move(disk)), random_(seed) {}

int SimStorage::Count(const std::string& what) {
  now_ns_ += 1000;
  if (dead_) return EIO;
  ++calls_;
  history_.push_back(what);
  if (calls_ == faults.die_at_call) {
    dead_ = true;
    return EIO;
  }
  return calls_ == faults.fail_call ? faults.fail_errno : 0;
}

SimDisk SimStorage::Crash(CrashPolicy policy) { return disk_.Crash(policy, random_); }

absl::StatusOr<std::unique_ptr<File>> SimStorage::Open(const std::string& path, OpenMode mode) {
  if (dead_) return IoError(EIO, "open", path);
  if (mode == OpenMode::kCreate) {
    if (disk_.names.contains(path)) return IoError(EEXIST, "create", path);
    if (const int error = Count("create " + path); error != 0)
      return IoError(error, "create", path);
    disk_.names[path] = std::make_shared<SimContent>();
  }
  const auto found = disk_.names.find(path);
  if (found == disk_.names.end()) return IoError(ENOENT, "open", path);
  return std::make_unique<SimFile>(this, path, found->second);
}

absl::StatusOr<std::vector<std::string>> SimStorage::List(const std::string& directory) {
  if (dead_) return IoError(EIO, "list", directory);
  if (std::find(disk_.directories.begin(), disk_.directories.end(), directory) ==
      disk_.directories.end()) {
    return IoError(ENOENT, "list", directory);
  }
  std::vector<std::string> found;
  for (const auto& [path, content] : disk_.names) {
    if (SimParent(path) == directory) found.push_back(path.substr(directory.size() + 1));
  }
  return found;
}

absl::Status SimStorage::Rename(const std::string& from, const std::string& to) {
  if (const int error = Count("rename " + from); error != 0) return IoError(error, "rename", from);
  const auto found = disk_.names.find(from);
  if (found == disk_.names.end()) return IoError(ENOENT, "rename", from);
  disk_.names[to] = found->second;
  disk_.names.erase(from);
  return absl::OkStatus();
}

absl::Status SimStorage::Remove(const std::string& path) {
  if (const int error = Count("remove " + path); error != 0) return IoError(error, "remove", path);
  if (disk_.names.erase(path) == 0) return IoError(ENOENT, "remove", path);
  return absl::OkStatus();
}

absl::Status SimStorage::MakeDirectory(const std::string& path) {
  if (const int error = Count("make directory " + path); error != 0) {
    return IoError(error, "make directory", path);
  }
  auto& directories = disk_.directories;
  if (std::find(directories.begin(), directories.end(), path) != directories.end()) {
    return IoError(EEXIST, "make directory", path);
  }
  directories.push_back(path);
  return absl::OkStatus();
}

absl::Status SimStorage::SyncDirectory(const std::string& directory) {
  if (const int error = Count("sync directory " + directory); error != 0) {
    return IoError(error, "flush directory", directory);
  }
  disk_.SyncNames(directory);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Lock>> SimStorage::TakeLock(const std::string& path,
                                                           absl::Duration) {
  if (dead_) return IoError(EIO, "lock", path);
  if (std::find(locked_.begin(), locked_.end(), path) != locked_.end()) {
    return absl::FailedPreconditionError("lock " + path + ": held by process 1");
  }
  if (!disk_.names.contains(path)) disk_.names[path] = std::make_shared<SimContent>();
  locked_.push_back(path);
  return std::make_unique<SimLock>(this, path);
}

absl::StatusOr<std::unique_ptr<Queue>> SimStorage::NewQueue() {
  return std::make_unique<SimQueue>(this);
}

}  // namespace stet::wal
