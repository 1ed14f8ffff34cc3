// Other stores, as logs: each durable append is one of theirs.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace stet::bench {

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // Stores `rows` payloads of 100 B in one transaction, durable on return.  From any thread.
  virtual absl::Status Append(size_t rows) = 0;
};

// RocksDB with WriteOptions::sync; SQLite in WAL mode with synchronous=FULL, a connection behind a
// mutex, which is faster than one per thread.
// Errors: Unavailable if this build has not found the library.
absl::StatusOr<std::unique_ptr<Store>> OpenRocks(const std::string& folder);
absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const std::string& folder);

}  // namespace stet::bench
