// Reads go to the file below, and are corrected.
#include "wal/overlay_storage.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/status_macros.h"
#include "wal/format.h"
#include "wal/segments.h"

namespace stet::wal {
namespace {

absl::Status ReadOnly(const std::string& path) {
  return absl::PermissionDeniedError(path + ": changes are in memory only");
}

}  // namespace

class OverlayStorage::OverlayFile final : public File {
 public:
  // `below` is null for a file that was added.
  OverlayFile(std::unique_ptr<File> below, const Changes* changes, std::string path)
      : below_(std::move(below)), changes_(*changes), path_(std::move(path)) {}

  absl::StatusOr<size_t> Read(uint64_t offset, std::span<std::byte> out) override {
    ASSIGN_OR_RETURN(const uint64_t size, Size());
    if (offset >= size) return 0;
    out = out.first(std::min<uint64_t>(out.size(), size - offset));
    // What is zero anyway is not read: it may be what cannot be.
    const uint64_t zero_from = std::max(changes_.zero_from.value_or(UINT64_MAX), offset);
    const auto wanted = std::min<uint64_t>(out.size(), zero_from - offset);
    size_t got = 0;
    if (below_ != nullptr && wanted > 0) {
      // Whole blocks, so that a read past the page cache stays one.
      const uint64_t whole = std::min<uint64_t>(AlignUp(wanted, kCommitAlignMin), out.size());
      ASSIGN_OR_RETURN(got, below_->Read(offset, out.first(whole)));
      got = std::min<size_t>(got, wanted);
    }
    std::fill(out.begin() + static_cast<ptrdiff_t>(got), out.end(), std::byte{0});
    for (const uint64_t at : changes_.order) Correct(at, changes_.patches.at(at), offset, out);
    return out.size();
  }
  absl::Status Write(uint64_t /*offset*/, Bytes /*data*/) override { return ReadOnly(path_); }
  absl::Status Flush() override { return absl::OkStatus(); }
  absl::Status Allocate(uint64_t /*bytes*/) override { return ReadOnly(path_); }
  absl::StatusOr<uint64_t> Size() override {
    if (changes_.bytes) return *changes_.bytes;
    return below_->Size();
  }
  const std::string& path() const override { return path_; }
  uint32_t alignment() const override {
    return below_ == nullptr ? kCommitAlignMin : below_->alignment();
  }

 private:
  static void Correct(uint64_t at, Bytes patch, uint64_t offset, std::span<std::byte> out) {
    const uint64_t begin = std::max(at, offset);
    const uint64_t end = std::min(at + patch.size(), offset + out.size());
    if (begin < end)
      std::memcpy(out.data() + (begin - offset), patch.data() + (begin - at), end - begin);
  }

  const std::unique_ptr<File> below_;
  const Changes& changes_;
  const std::string path_;
};

void OverlayStorage::Patch(const std::string& path, uint64_t offset, Bytes bytes) {
  Changes& changes = changes_[path];
  std::erase(changes.order, offset);
  changes.order.push_back(offset);
  changes.patches[offset].assign(bytes.begin(), bytes.end());
}

void OverlayStorage::ZeroFrom(const std::string& path, uint64_t offset) {
  Changes& changes = changes_[path];
  changes.zero_from = std::min(offset, changes.zero_from.value_or(UINT64_MAX));
  std::erase_if(changes.order, [&](uint64_t at) { return at >= offset; });
}

void OverlayStorage::Resize(const std::string& path, uint64_t bytes) {
  changes_[path].bytes = bytes;
}

void OverlayStorage::Hide(const std::string& path) { hidden_.insert(path); }

void OverlayStorage::Add(const std::string& path, uint64_t bytes) {
  hidden_.erase(path);
  added_.insert(path);
  changes_[path] = Changes{.bytes = bytes};
}

absl::StatusOr<std::unique_ptr<File>> OverlayStorage::Open(const std::string& path, OpenMode mode) {
  if (mode == OpenMode::kCreate) return ReadOnly(path);
  if (hidden_.contains(path)) return absl::NotFoundError(path);
  std::unique_ptr<File> below;
  if (!added_.contains(path)) {
    ASSIGN_OR_RETURN(below, base_.Open(path, OpenMode::kRead));
  }
  return std::make_unique<OverlayFile>(std::move(below), &changes_[path], path);
}

absl::StatusOr<std::vector<std::string>> OverlayStorage::List(const std::string& directory) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, base_.List(directory));
  std::erase_if(names, [&](const std::string& name) {
    return hidden_.contains(PathIn(directory, name)) || added_.contains(PathIn(directory, name));
  });
  for (const std::string& path : added_) {
    const std::string start = PathIn(directory, "");
    if (path.starts_with(start)) names.push_back(path.substr(start.size()));
  }
  std::ranges::sort(names);
  return names;
}

absl::Status OverlayStorage::Rename(const std::string& from, const std::string& /*to*/) {
  return ReadOnly(from);
}
absl::Status OverlayStorage::Remove(const std::string& path) { return ReadOnly(path); }
absl::Status OverlayStorage::MakeDirectory(const std::string& path) { return ReadOnly(path); }
absl::Status OverlayStorage::SyncDirectory(const std::string& /*directory*/) {
  return absl::OkStatus();
}
absl::StatusOr<std::unique_ptr<Lock>> OverlayStorage::TakeLock(const std::string& path,
                                                               absl::Duration /*wait_max*/) {
  return ReadOnly(path);
}
absl::StatusOr<std::unique_ptr<Queue>> OverlayStorage::NewQueue() {
  return absl::UnimplementedError("changes in memory have no queue");
}

}  // namespace stet::wal
