// A disk in memory for tests of reading: files are byte strings, and places can be made unreadable.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stet/wal/storage.h"

namespace stet::wal {

class MemoryStorage final : public Storage {
 public:
  // Path -> content.  A directory is the prefix of its files, and what MakeDirectory made.
  std::map<std::string, std::string> files = {};
  std::set<std::string> directories = {};
  // Offsets of 4 KiB blocks that cannot be read, by path.
  std::map<std::string, std::set<uint64_t>> unreadable = {};
  std::optional<int> holder = {};                        // of every lock
  std::function<void(const std::string&)> on_open = {};  // its path

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    if (on_open) on_open(path);
    if (mode == OpenMode::kCreate && !files.emplace(path, "").second) {
      return absl::AlreadyExistsError(path);
    }
    if (!files.contains(path)) return absl::NotFoundError(path);
    return std::make_unique<MemoryFile>(this, path);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    std::vector<std::string> names;
    for (const auto& [path, content] : files) {
      if (path.starts_with(directory + "/")) names.push_back(path.substr(directory.size() + 1));
    }
    if (names.empty() && !directories.contains(directory)) return absl::NotFoundError(directory);
    return names;
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (!files.contains(from)) return absl::NotFoundError(from);
    files[to] = std::move(files[from]);
    files.erase(from);
    return absl::OkStatus();
  }
  absl::Status Remove(const std::string& path) override {
    return files.erase(path) == 1 ? absl::OkStatus() : absl::NotFoundError(path);
  }
  absl::Status MakeDirectory(const std::string& path) override {
    return directories.insert(path).second ? absl::OkStatus() : absl::AlreadyExistsError(path);
  }
  absl::Status SyncDirectory(const std::string& /*directory*/) override { return absl::OkStatus(); }
  absl::StatusOr<std::unique_ptr<Lock>> TakeLock(const std::string& path,
                                                 absl::Duration /*wait_max*/) override {
    if (holder) {
      return absl::FailedPreconditionError(path + ": held by process " + std::to_string(*holder));
    }
    return std::make_unique<Lock>();
  }
  std::optional<int> LockHolder(const std::string& /*path*/) override { return holder; }
  absl::StatusOr<std::unique_ptr<Queue>> NewQueue() override {
    return absl::UnimplementedError("no queue");
  }
  std::string name() const override { return "memory"; }
  std::string note() const override { return {}; }

 private:
  class MemoryFile final : public File {
   public:
    MemoryFile(MemoryStorage* storage, std::string path)
        : storage_(*storage), path_(std::move(path)) {}

    absl::StatusOr<size_t> Read(uint64_t offset, std::span<std::byte> out) override {
      for (const uint64_t bad : storage_.unreadable[path_]) {
        if (bad + 4096 > offset && bad < offset + out.size()) {
          return absl::InternalError("read " + path_ + " at " + std::to_string(bad) + ": EIO");
        }
      }
      const std::string& content = storage_.files.at(path_);
      if (offset >= content.size()) return 0;
      const size_t size = std::min(out.size(), content.size() - offset);
      std::memcpy(out.data(), content.data() + offset, size);
      return size;
    }
    absl::Status Write(uint64_t offset, Bytes data) override {
      std::string& content = storage_.files.at(path_);
      if (content.size() < offset + data.size()) content.resize(offset + data.size());
      std::memcpy(content.data() + offset, data.data(), data.size());
      return absl::OkStatus();
    }
    absl::Status Flush() override { return absl::OkStatus(); }
    absl::Status Allocate(uint64_t bytes) override {
      if (storage_.files.at(path_).size() < bytes) storage_.files.at(path_).resize(bytes);
      return absl::OkStatus();
    }
    absl::StatusOr<uint64_t> Size() override { return storage_.files.at(path_).size(); }
    const std::string& path() const override { return path_; }
    uint32_t alignment() const override { return 4096; }

   private:
    MemoryStorage& storage_;
    const std::string path_;
  };
};

}  // namespace stet::wal
