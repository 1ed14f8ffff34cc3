// A build without io_uring.
#include "bench/bare_log.h"

namespace stet::bench {

absl::StatusOr<Samples> BareLog(const std::string&, size_t, uint64_t, double) {
  return absl::UnavailableError("io_uring: not in this build");
}

}  // namespace stet::bench
