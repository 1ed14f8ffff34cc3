// SQLite: inserts in a transaction.
#include <sqlite3.h>

#include <mutex>
#include <string>
#include <utility>

#include "bench/stores.h"
#include "tools/stet/status_macros.h"

namespace stet::bench {
namespace {

class Sqlite : public Store {
 public:
  explicit Sqlite(sqlite3* database) : database_(database) {}
  ~Sqlite() override {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }

  absl::Status Prepare() {
    STET_RETURN_IF_ERROR(Do("PRAGMA journal_mode=WAL"));
    STET_RETURN_IF_ERROR(Do("PRAGMA synchronous=FULL"));
    STET_RETURN_IF_ERROR(Do("CREATE TABLE log(seq INTEGER PRIMARY KEY, payload BLOB)"));
    return sqlite3_prepare_v2(database_, "INSERT INTO log(payload) VALUES(?)", -1, &insert_,
                              nullptr) == SQLITE_OK
               ? absl::OkStatus()
               : Failed("prepare");
  }

  absl::Status Append(size_t rows) override {
    const std::lock_guard lock(mutex_);
    STET_RETURN_IF_ERROR(Do("BEGIN IMMEDIATE"));
    for (size_t i = 0; i < rows; ++i) {
      sqlite3_bind_blob(insert_, 1, payload_.data(), static_cast<int>(payload_.size()),
                        SQLITE_STATIC);
      if (sqlite3_step(insert_) != SQLITE_DONE) return Failed("insert");
      sqlite3_reset(insert_);
    }
    return Do("COMMIT");
  }

 private:
  absl::Status Do(const char* sql) {
    return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus()
                                                                                : Failed(sql);
  }
  absl::Status Failed(const std::string& what) {
    return absl::InternalError("sqlite: " + what + ": " + sqlite3_errmsg(database_));
  }

  std::mutex mutex_;
  sqlite3* const database_;
  sqlite3_stmt* insert_ = nullptr;
  const std::string payload_ = std::string(100, 'p');
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const std::string& folder) {
  sqlite3* database = nullptr;
  const int opened = sqlite3_open((folder + "/sqlite.db").c_str(), &database);
  auto store = std::make_unique<Sqlite>(database);
  if (opened != SQLITE_OK) return absl::InternalError("sqlite: the database cannot be opened");
  STET_RETURN_IF_ERROR(store->Prepare());
  return store;
}

}  // namespace stet::bench
