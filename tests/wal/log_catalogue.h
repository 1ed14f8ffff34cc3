// A log for each line of each table of decisions.
#pragma once

#include <functional>
#include <vector>

#include "tests/wal/recovery_fixture.h"

namespace stet::wal {

inline void StoreLog(Bench& bench, const LogBuilder& log) { log.Store(&bench.disk); }

// Segment 1 with seq 1..3 durable and 4..5 not.
inline void StoreThree(Bench& bench) { StoreLog(bench, ThreeBatches()); }
inline constexpr uint64_t kLast = 6 * kA;    // offset of its last batch
inline constexpr uint64_t kSecond = 5 * kA;  // of the one before it, which is durable

// `strict` and `lenient`: a refusal, or the verdict and the last seq.
struct CatalogueLog {
  int row = 0;  // of wal/README.md
  const char* story = "";
  std::function<void(Bench& bench)> make = {};
  const char* strict = "";
  const char* lenient = nullptr;  // null: the same
};

std::vector<CatalogueLog> DirectoryLogs();
std::vector<CatalogueLog> NameLogs();
std::vector<CatalogueLog> HeaderLogs();
std::vector<CatalogueLog> LostHeaderLogs();
std::vector<CatalogueLog> PromiseLogs();  // slots, and links between segments
std::vector<CatalogueLog> AnchorLogs();
std::vector<CatalogueLog> TornLogs();   // 1 to 3
std::vector<CatalogueLog> WrongLogs();  // 4 to 10

// Changes a field of an intact structure of `bytes` bytes at `at`, and its digest.
void SetField(Bench& bench, uint64_t segno, uint64_t at, uint64_t bytes, uint64_t field,
              uint8_t value);

}  // namespace stet::wal
