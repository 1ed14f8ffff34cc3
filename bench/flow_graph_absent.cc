// A build without oneTBB.
#include "bench/graphs.h"

namespace stet::bench {

absl::StatusOr<Samples> RunFlowGraph(const Parents&) {
  return absl::UnavailableError("libtbb-dev was not found when this was built");
}

}  // namespace stet::bench
