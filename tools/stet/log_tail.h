// The beginning and the end of a command's log.
#pragma once

#include <cstddef>
#include <string>

#include <absl/status/statusor.h>

namespace stet::cli {

struct FileStart {
  std::string text = {};
  size_t file_bytes = 0;  // of the whole file
};

// At most `bytes_max` bytes from the beginning of the file.
absl::StatusOr<FileStart> ReadStart(const std::string& path, size_t bytes_max);

// The last lines that are not empty, joined into one line of at most about 500 bytes; empty when there are none.
std::string LastLines(const std::string& path);

}  // namespace stet::cli
