// Snapshots found and copied.
#include "tools/walinspect/snapshot_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "stet/inspect.h"

namespace stet::walinspect {
namespace {

namespace fs = std::filesystem;

std::vector<SnapshotInfo> WholeSnapshots(const std::string& directory) {
  std::vector<SnapshotInfo> whole;
  auto listed = ListSnapshots(directory);
  if (!listed.ok()) return whole;
  for (SnapshotInfo& snapshot : *listed) {
    if (snapshot.status.ok()) whole.push_back(std::move(snapshot));
  }
  return whole;
}

absl::Status Sync(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  return synced ? absl::OkStatus() : absl::ErrnoToStatus(error, "flush " + path.string());
}

}  // namespace

std::vector<wal::Anchor> AnchorsOf(const std::string& directory) {
  const std::vector<SnapshotInfo> whole = WholeSnapshots(directory);
  if (whole.empty()) return {};
  return {whole.front().anchor};
}

absl::Status CopySnapshots(const std::string& directory, const std::string& target) {
  const std::vector<SnapshotInfo> whole = WholeSnapshots(directory);
  if (whole.empty()) return absl::OkStatus();
  const fs::path folder = fs::path(target) / "snapshots";
  std::error_code error;
  fs::create_directory(folder, error);
  for (const SnapshotInfo& snapshot : whole) {
    if (error) break;
    const fs::path copy = folder / fs::path(snapshot.file).filename();
    fs::copy_file(snapshot.file, copy, error);
    if (error) break;
    if (absl::Status synced = Sync(copy); !synced.ok()) return synced;
  }
  if (error) {
    return absl::UnavailableError(
        fmt::format("copy the snapshots to {}: {}", folder.string(), error.message()));
  }
  if (absl::Status synced = Sync(folder); !synced.ok()) return synced;
  return Sync(target);
}

}  // namespace stet::walinspect
