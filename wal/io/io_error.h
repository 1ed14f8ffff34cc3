// Errors of system calls as Status: they name what was attempted, on which file, and where.
#pragma once

#include <cstdint>
#include <string_view>

#include <absl/status/status.h>

namespace stet::wal {

// "read /dir/x: Input/output error".  EIO, which absl::ErrnoToStatus maps to Unknown, is Internal.
absl::Status IoError(int error, std::string_view action, std::string_view path);

// "write /dir/x at 8192, 4096 bytes: Input/output error".
absl::Status IoErrorAt(int error, std::string_view action, std::string_view path, uint64_t offset,
                       uint64_t length);

}  // namespace stet::wal
