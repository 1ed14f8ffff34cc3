// A build without io_uring.
#include "tools/walbench/raw_load.h"

namespace stet::walbench {

absl::StatusOr<LoadResult> RunUringLoad(const Load&) {
  return absl::UnavailableError("io_uring: not in this build");
}

}  // namespace stet::walbench
