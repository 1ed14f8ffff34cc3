// What stands in for io_uring in a build without it.
#include <absl/status/status.h>

#include "wal/io/uring_storage.h"

namespace stet::wal {

absl::StatusOr<std::unique_ptr<Storage>> OpenUringStorage(bool) {
  return absl::UnavailableError("io_uring: this build has none (-Dio_uring)");
}

}  // namespace stet::wal
