// Logs whose slots, links and anchors decide.
#include "tests/wal/log_catalogue.h"

namespace stet::wal {
namespace {

// ThreeBatches, and a second segment that names a snapshot.
LogBuilder WithSecond(uint64_t snapshot_seq = 0) {
  LogBuilder log = ThreeBatches();
  log.snapshot_seq = snapshot_seq;
  log.Segment();
  return log;
}

}  // namespace

std::vector<CatalogueLog> PromiseLogs() {
  return {
      {11, "a bit flipped before the stated end of a segment",
       [](Bench& bench) {
         const LogBuilder log = WithSecond();
         StoreLog(bench, log);
         bench.Flip(1, kLast + 140);
       },
       "CORRUPT_ACKED"},
      {11, "a segment that does not continue the one before it",
       [](Bench& bench) {
         LogBuilder log = ThreeBatches();
         log.next_seq = 9;
         log.Segment();
         StoreLog(bench, log);
       },
       "CHAIN_BROKEN"},
      {21, "a damaged slot",
       [](Bench& bench) {
         StoreThree(bench);
         bench.Flip(1, 2 * kA + 30);
       },
       "clean 5"},
      {22, "a slot that names another batch",
       [](Bench& bench) {
         LogBuilder log = ThreeBatches();
         log.last_id = std::string(16, 'y');
         log.Slot();
         StoreLog(bench, log);
       },
       "CHAIN_BROKEN"},
      {23, "batches behind a clean close",
       [](Bench& bench) {
         LogBuilder log;
         log.Segment();
         log.Batch({"a1"});
         log.Slot(true);
         log.Batch({"b2"});
         StoreLog(bench, log);
       },
       "CHAIN_BROKEN"},
  };
}

std::vector<CatalogueLog> AnchorLogs() {
  return {
      {1, "from an anchor",
       [](Bench& bench) {
         StoreThree(bench);
         bench.anchors = {AnchorBehind(ThreeBatches().batches[1])};
       },
       "clean 5"},
      {24, "from the anchor before the newest",
       [](Bench& bench) {
         const LogBuilder log = WithSecond(3);
         StoreLog(bench, log);
         bench.anchors = {AnchorBehind(log.batches[0])};
       },
       "clean 5"},
      {24, "all again, for the only snapshot is gone",
       [](Bench& bench) {
         const LogBuilder log = WithSecond(3);
         StoreLog(bench, log);
       },
       "clean 5"},
      {25, "without an anchor, from seq 1", StoreThree, "clean 5"},
      {26, "without an anchor, from a later seq",
       [](Bench& bench) {
         const LogBuilder log = WithSecond();
         StoreLog(bench, log);
         bench.disk.files.erase(log.Path(1));
       },
       "NO_BASE"},
      {27, "an anchor in a segment that is not there",
       [](Bench& bench) {
         StoreThree(bench);
         bench.anchors = {{.seq = 9, .lsn = (uint64_t{2} << 32) + 5 * kA}};
       },
       "LOG_BEHIND_SNAPSHOT"},
      {27, "an anchor behind the end",
       [](Bench& bench) {
         LogBuilder log = ThreeBatches();
         StoreLog(bench, log);
         bench.anchors = {AnchorBehind(log.Batch({"d6"}))};
       },
       "LOG_BEHIND_SNAPSHOT"},
      {27, "an anchor where an older use of the file shows",
       [](Bench& bench) {
         StoreThree(bench);
         SetField(bench, 1, kLast, 112, 16, 0x77);
         bench.anchors = {AnchorBehind(ThreeBatches().batches[2])};
       },
       "LOG_BEHIND_SNAPSHOT"},
      {28, "a gap between the anchor and the log",
       [](Bench& bench) {
         const LogBuilder log = WithSecond();
         StoreLog(bench, log);
         bench.disk.files.erase(log.Path(1));
         bench.anchors = {AnchorBehind(log.batches[0])};
       },
       "LOG_GAP"},
      {29, "another batch at the anchor",
       [](Bench& bench) {
         StoreThree(bench);
         bench.anchors = {AnchorBehind(ThreeBatches().batches[1])};
         bench.anchors.front().batch_id.high ^= 1;
       },
       "FORKED_HISTORY"},
  };
}

}  // namespace stet::wal
