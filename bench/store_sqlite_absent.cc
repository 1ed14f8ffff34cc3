// A build without SQLite.
#include "bench/stores.h"

namespace stet::bench {

absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const std::string&) {
  return absl::UnavailableError("libsqlite3-dev was not found when this was built");
}

}  // namespace stet::bench
