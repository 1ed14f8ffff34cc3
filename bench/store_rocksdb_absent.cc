// A build without RocksDB.
#include "bench/stores.h"

namespace stet::bench {

absl::StatusOr<std::unique_ptr<Store>> OpenRocks(const std::string&) {
  return absl::UnavailableError("librocksdb-dev was not found when this was built");
}

}  // namespace stet::bench
