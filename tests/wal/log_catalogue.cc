// Logs whose directory or names decide.
#include "tests/wal/log_catalogue.h"

namespace stet::wal {

std::vector<CatalogueLog> DirectoryLogs() {
  return {
      {17, "LOG_ID, and a prepared segment only",
       [](Bench& bench) {
         LogBuilder log = ThreeBatches();
         log.Segment(1, 1);
         StoreLog(bench, log);
         bench.disk.files.erase(log.Path(1));
       },
       "LOG_MISSING"},
      {30, "LOG_ID without segments",
       [](Bench& bench) { bench.disk.files["log/LOG_ID"] = LogBuilder{}.LogIdBytes(); },
       "LOG_MISSING"},
      {31, "an empty directory", [](Bench& bench) { bench.disk.directories.insert("log"); },
       "NOT_A_LOG"},
      {31, "an empty directory, a log is wanted",
       [](Bench& bench) {
         bench.disk.directories.insert("log");
         bench.options.create = true;
       },
       "unborn 0"},
      {33, "batches without LOG_ID",
       [](Bench& bench) {
         StoreThree(bench);
         bench.disk.files.erase("log/LOG_ID");
       },
       "NO_LOG_ID"},
      {33, "a damaged LOG_ID",
       [](Bench& bench) {
         StoreThree(bench);
         bench.disk.files["log/LOG_ID"][20] ^= 1;
       },
       "NO_LOG_ID"},
      {20, "a LOG_ID of a newer version",
       [](Bench& bench) {
         StoreThree(bench);
         Image id = {.bytes = bench.disk.files["log/LOG_ID"]};
         id.Put<uint16_t>(8, 2);
         id.PutDigest(48, 0, 48);
         bench.disk.files["log/LOG_ID"] = id.bytes;
       },
       "UNSUPPORTED"},
  };
}

std::vector<CatalogueLog> NameLogs() {
  return {
      {16, "a segment inside the chain is missing",
       [](Bench& bench) {
         LogBuilder log = ThreeBatches();
         log.Segment();
         log.Segment();
         StoreLog(bench, log);
         bench.disk.files.erase(log.Path(2));
       },
       "MISSING_SEGMENT"},
      {16, "SEGMENT_END without a successor",
       [](Bench& bench) {
         LogBuilder log = ThreeBatches();
         log.End();
         StoreLog(bench, log);
       },
       "MISSING_SEGMENT"},
      {16, "the segment that an opening began is gone",
       [](Bench& bench) {
         LogBuilder log = ThreeBatches();
         log.opened_segno = 2;
         StoreLog(bench, log);
       },
       "MISSING_SEGMENT"},
      {18, "a file under another's name",
       [](Bench& bench) {
         StoreThree(bench);
         bench.disk.files[LogBuilder{}.Path(2)] = bench.File(1);
       },
       "MISNAMED"},
      {18, "a name that is none",
       [](Bench& bench) {
         StoreThree(bench);
         bench.disk.files["log/000000000000000G.wal"] = "";
       },
       "MISNAMED"},
      {19, "a segment of another log",
       [](Bench& bench) {
         StoreThree(bench);
         bench.disk.files["log/LOG_ID"] = LogBuilder{.uuid = "another log's id"}.LogIdBytes();
       },
       "FOREIGN"},
  };
}

}  // namespace stet::wal
