// Chooses the machine's storage.
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "stet/wal/storage.h"
#include "wal/io/posix_storage.h"
#include "wal/io/uring_storage.h"

namespace stet::wal {

absl::StatusOr<std::unique_ptr<Storage>> OpenStorage(Backend backend) {
  if (backend == Backend::kPosix) return std::make_unique<PosixStorage>();
  absl::StatusOr<std::unique_ptr<Storage>> uring = OpenUringStorage(backend == Backend::kUring);
  if (uring.ok() || backend == Backend::kUring) return uring;
  return std::make_unique<PosixStorage>(std::string(uring.status().message()));
}

}  // namespace stet::wal
