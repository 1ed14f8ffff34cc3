// Reading of parts of logs.
#include "tools/stet/log_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tools/stet/files.h"
#include "tools/stet/quote.h"
#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

constexpr size_t kTailBytes = 500;
constexpr int kTailLines = 5;

absl::StatusOr<std::string> ReadRange(const OwnedFd& fd, const std::string& path, off_t offset,
                                      size_t bytes) {
  std::string text(bytes, '\0');
  size_t filled = 0;
  while (filled < bytes) {
    const ssize_t n =
        pread(fd.get(), text.data() + filled, bytes - filled, offset + static_cast<off_t>(filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError(errno, "read", path);
    if (n == 0) break;
    filled += static_cast<size_t>(n);
  }
  text.resize(filled);
  return text;
}

absl::StatusOr<size_t> SizeOf(const OwnedFd& fd, const std::string& path) {
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return FileError(errno, "read", path);
  return static_cast<size_t>(info.st_size);
}

// The last kTailLines lines of `text`.
std::string_view LastOf(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  size_t begin = text.size();
  for (int lines = 0; begin > 0; --begin) {
    if (text[begin - 1] == '\n' && ++lines == kTailLines) break;
  }
  return text.substr(begin);
}

}  // namespace

absl::StatusOr<FileStart> ReadStart(const std::string& path, size_t bytes_max) {
  STET_ASSIGN_OR_RETURN(const OwnedFd fd, OpenFile(path, O_RDONLY));
  STET_ASSIGN_OR_RETURN(const size_t size, SizeOf(fd, path));
  STET_ASSIGN_OR_RETURN(std::string text, ReadRange(fd, path, 0, std::min(size, bytes_max)));
  return FileStart{.text = std::move(text), .file_bytes = size};
}

std::string LastLines(const std::string& path) {
  const absl::StatusOr<OwnedFd> fd = OpenFile(path, O_RDONLY);
  if (!fd.ok()) return {};
  const absl::StatusOr<size_t> size = SizeOf(*fd, path);
  if (!size.ok()) return {};
  const size_t bytes = std::min(*size, kTailBytes);
  const auto text = ReadRange(*fd, path, static_cast<off_t>(*size - bytes), bytes);
  return text.ok() ? OneLine(LastOf(*text)) : std::string();
}

}  // namespace stet::cli
