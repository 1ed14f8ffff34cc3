// RocksDB: one Put, or one WriteBatch of many.
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include "bench/stores.h"

namespace stet::bench {
namespace {

class Rocks : public Store {
 public:
  explicit Rocks(std::unique_ptr<rocksdb::DB> database) : database_(std::move(database)) {}

  absl::Status Append(size_t rows) override {
    rocksdb::WriteBatch batch;
    for (size_t i = 0; i < rows; ++i) {
      const std::string key = fmt::format("{:016x}", next_.fetch_add(1));
      if (const rocksdb::Status put = batch.Put(key, payload_); !put.ok()) return Failed(put);
    }
    rocksdb::WriteOptions options;
    options.sync = true;
    const rocksdb::Status written = database_->Write(options, &batch);
    return written.ok() ? absl::OkStatus() : Failed(written);
  }

 private:
  static absl::Status Failed(const rocksdb::Status& status) {
    return absl::InternalError("rocksdb: " + status.ToString());
  }

  std::unique_ptr<rocksdb::DB> database_;
  std::atomic<uint64_t> next_ = 0;
  const std::string payload_ = std::string(100, 'p');
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenRocks(const std::string& folder) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* database = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(options, folder + "/rocksdb", &database);
  if (!opened.ok()) return absl::InternalError("rocksdb: " + opened.ToString());
  return std::make_unique<Rocks>(std::unique_ptr<rocksdb::DB>(database));
}

}  // namespace stet::bench
