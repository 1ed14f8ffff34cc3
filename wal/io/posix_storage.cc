// The machine's files, with plain system calls.
#include "wal/io/posix_storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/status_macros.h"
#include "wal/io/describe.h"
#include "wal/io/io_error.h"
#include "wal/io/posix_file.h"
#include "wal/io/posix_lock.h"
#include "wal/io/posix_queue.h"
#include "wal/io/unique_fd.h"

namespace stet::wal {

absl::StatusOr<std::unique_ptr<File>> PosixStorage::Open(const std::string& path, OpenMode mode) {
  return PosixFile::Open(path, mode);
}

absl::StatusOr<std::vector<std::string>> PosixStorage::List(const std::string& directory) {
  struct Close {
    void operator()(DIR* open) const { ::closedir(open); }
  };
  const std::unique_ptr<DIR, Close> open(::opendir(directory.c_str()));
  if (open == nullptr) return IoError(errno, "list", directory);
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry =
        ::readdir(open.get());  // NOLINT(concurrency-mt-unsafe): a stream of our own
    if (entry == nullptr) break;
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    names.emplace_back(entry->d_name);
  }
  if (errno != 0) return IoError(errno, "list", directory);
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status PosixStorage::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return IoError(errno, "rename", from + " to " + to);
  return absl::OkStatus();
}

absl::Status PosixStorage::Remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return IoError(errno, "remove", path);
  return absl::OkStatus();
}

absl::Status PosixStorage::Link(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  // EPERM: no links there, or none to files of others (fs.protected_hardlinks).
  const bool cannot = errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP;
  const absl::Status status = IoError(errno, "link", from + " to " + to);
  return cannot ? absl::UnimplementedError(status.message()) : status;
}

absl::Status PosixStorage::MakeDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) != 0) return IoError(errno, "make directory", path);
  return absl::OkStatus();
}

absl::Status PosixStorage::SyncDirectory(const std::string& directory) {
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return IoError(errno, "open directory", directory);
  if (::fsync(fd.get()) != 0) return IoError(errno, "flush directory", directory);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Lock>> PosixStorage::TakeLock(const std::string& path,
                                                             absl::Duration wait_max) {
  return TakePosixLock(path, wait_max);
}

std::optional<int> PosixStorage::LockHolder(const std::string& path) {
  return PosixLockHolder(path);
}

FileSystemFacts PosixStorage::Describe(const std::string& directory) {
  return DescribeDirectory(directory);
}

absl::StatusOr<std::unique_ptr<Queue>> PosixStorage::NewQueue() { return PosixQueue::Create(); }

}  // namespace stet::wal
