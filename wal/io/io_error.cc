// Errors of system calls as Status.
#include "wal/io/io_error.h"

#include <errno.h>

#include <string>
#include <system_error>

#include <fmt/format.h>

namespace stet::wal {
namespace {

absl::StatusCode CodeOf(int error) {
  return error == EIO ? absl::StatusCode::kInternal : absl::ErrnoToStatusCode(error);
}

std::string NameOf(int error) { return std::generic_category().message(error); }

}  // namespace

absl::Status IoError(int error, std::string_view action, std::string_view path) {
  return absl::Status(CodeOf(error), fmt::format("{} {}: {}", action, path, NameOf(error)));
}

absl::Status IoErrorAt(int error, std::string_view action, std::string_view path, uint64_t offset,
                       uint64_t length) {
  return absl::Status(CodeOf(error), fmt::format("{} {} at {}, {} bytes: {}", action, path, offset,
                                                 length, NameOf(error)));
}

}  // namespace stet::wal
