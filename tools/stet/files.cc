// Files and descriptors.
#include "tools/stet/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

constexpr int kFirstOwnFd = 10;

// Makes the name of a folder durable.
absl::Status SyncParent(const std::string& folder) {
  const std::string parent = std::filesystem::path(folder).parent_path().string();
  STET_ASSIGN_OR_RETURN(const OwnedFd fd,
                        OpenFile(parent.empty() ? "." : parent, O_RDONLY | O_DIRECTORY));
  if (fsync(fd.get()) != 0) return FileError(errno, "flush folder", parent);
  return absl::OkStatus();
}

}  // namespace

absl::Status FileError(int error, std::string_view what, std::string_view path) {
  return absl::ErrnoToStatus(error, fmt::format("cannot {} {}", what, OneLine(path)));
}

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

int OwnedFd::Release() { return std::exchange(fd_, -1); }

void OwnedFd::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

absl::StatusOr<OwnedFd> OpenFile(const std::string& path, int flags) {
  const OwnedFd low(open(path.c_str(), flags | O_CLOEXEC, 0666));
  if (!low.valid()) return FileError(errno, (flags & O_CREAT) != 0 ? "create" : "open", path);
  return OutOfTheWay(low, path);
}

absl::StatusOr<OwnedFd> OutOfTheWay(const OwnedFd& low, const std::string& path) {
  OwnedFd high(fcntl(low.get(), F_DUPFD_CLOEXEC, kFirstOwnFd));
  // EINVAL: no number from there on is allowed at all.
  if (!high.valid()) return FileError(errno == EINVAL ? EMFILE : errno, "open", path);
  return high;
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  STET_ASSIGN_OR_RETURN(const OwnedFd fd, OpenFile(path, O_RDONLY));
  std::string content;
  constexpr size_t kChunk = size_t{1} << 18;
  while (true) {
    const size_t filled = content.size();
    content.resize(filled + kChunk);
    const ssize_t n = read(fd.get(), content.data() + filled, kChunk);
    if (n < 0 && errno == EINTR) {
      content.resize(filled);
      continue;
    }
    if (n < 0) return FileError(errno, "read", path);
    content.resize(filled + static_cast<size_t>(n));
    if (n == 0) return content;
    if (content.size() > bytes_max) {
      return absl::ResourceExhaustedError(
          fmt::format("{} is larger than {} bytes", OneLine(path), bytes_max));
    }
  }
}

absl::Status WriteFile(const std::string& path, std::string_view content) {
  STET_ASSIGN_OR_RETURN(const OwnedFd fd, OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC));
  while (!content.empty()) {
    const ssize_t n = write(fd.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError(errno, "write", path);
    content.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status MakeFolders(const std::string& path, bool durable) {
  std::string
      found;  // the innermost that exists: who made it may have been killed before it was durable
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string folder = path.substr(0, end);
    if (mkdir(folder.c_str(), 0777) == 0) {
      if (durable && !found.empty()) {
        const absl::Status synced = SyncParent(std::exchange(found, ""));
        if (!synced.ok() && !absl::IsPermissionDenied(synced)) return synced;
      }
      if (durable) STET_RETURN_IF_ERROR(SyncParent(folder));
      if (end == std::string::npos) break;
      continue;
    }
    if (errno != EEXIST && errno != EISDIR) {
      // A read-only or unreadable parent that already exists is no obstacle.
      struct stat info {};
      const int error = errno;
      if (stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
        return FileError(error, "create folder", folder);
      }
    }
    found = folder;
    if (end == std::string::npos) break;
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return FileError(errno, "create folder", path);
  if (!S_ISDIR(info.st_mode)) return FileError(ENOTDIR, "create folder", path);
  return absl::OkStatus();
}

}  // namespace stet::cli
