// Logs where what stands behind the last batch decides: rows 1 to 10.  `W > P` means: in the durable
// batch.
#include "tests/wal/log_catalogue.h"

namespace stet::wal {
namespace {

using Damage = void (*)(Bench& bench);

std::function<void(Bench&)> Three(Damage damage) {
  return [damage](Bench& bench) {
    StoreThree(bench);
    damage(bench);
  };
}

// A batch stands behind the damaged one.
std::function<void(Bench&)> Four(Damage damage) {
  return [damage](Bench& bench) {
    LogBuilder log = ThreeBatches();
    log.Batch({"d6"});
    StoreLog(bench, log);
    damage(bench);
  };
}

// As ThreeBatches, in a file that was not zeroed before.
std::function<void(Bench&)> NotZeroed(Damage damage) {
  return [damage](Bench& bench) {
    StoreLog(bench, ThreeBatches(2));
    damage(bench);
  };
}

}  // namespace

std::vector<CatalogueLog> TornLogs() {
  return {
      {1, "zeros at the end", Three([](Bench&) {}), "clean 5"},
      {1, "zeros where durable batches were", Three([](Bench& b) { b.Zero(1, kSecond, 2 * kA); }),
       "LOST_TAIL"},
      {2, "torn", Three([](Bench& b) { b.Zero(1, kLast + 512, 512); }), "torn_tail 3"},
      {2, "torn, without its header", Three([](Bench& b) { b.Zero(1, kLast, 512); }),
       "torn_tail 3"},
      {2, "torn, and durable",
       [](Bench& bench) {
         LogBuilder log = ThreeBatches();
         log.Slot();
         StoreLog(bench, log);
         bench.Zero(1, kLast + 512, 512);
       },
       "CORRUPT_ACKED"},
      {3, "torn, and a batch behind it", Four([](Bench& b) { b.Zero(1, kLast + 512, 512); }),
       "torn_tail 3"},
      {3, "a hole, and a batch behind it", Four([](Bench& b) { b.Zero(1, kLast, kA); }),
       "torn_tail 3"},
      {3, "a durable hole, and a batch behind it", Four([](Bench& b) { b.Zero(1, kSecond, kA); }),
       "CORRUPT_ACKED"},
  };
}

std::vector<CatalogueLog> WrongLogs() {
  return {
      {4, "a flipped bit", Three([](Bench& b) { b.Flip(1, kLast + 300, 3); }), "SUSPECT_TAIL",
       "torn_tail 3"},
      {4, "a flipped bit, and a batch behind it", Four([](Bench& b) { b.Flip(1, kLast + 300, 3); }),
       "SUSPECT_TAIL", "torn_tail 3"},
      {4, "a flipped bit in a durable batch", Three([](Bench& b) { b.Flip(1, kSecond + 140); }),
       "CORRUPT_ACKED"},
      {5, "a bad tail in a segment that was not zeroed",
       NotZeroed([](Bench& b) { b.Flip(1, kLast + 300); }), "torn_tail 3"},
      {5, "durable damage in a segment that was not zeroed",
       NotZeroed([](Bench& b) { b.Flip(1, kSecond + 140); }), "CORRUPT_ACKED"},
      {6, "a batch with another salt", Three([](Bench& b) { SetField(b, 1, kLast, 112, 16, 9); }),
       "stale_tail 3"},
      {6, "a batch with another salt, where durable ones were",
       Three([](Bench& b) { SetField(b, 1, kSecond, 112, 16, 9); }), "LOST_TAIL"},
      {7, "a batch of another place",
       Three([](Bench& b) { b.File(1).replace(kLast, kA, b.File(1).substr(kSecond, kA)); }),
       "stale_tail 3"},
      {7, "a batch of another place, where durable ones were",
       Three([](Bench& b) { b.File(1).replace(kSecond, kA, b.File(1).substr(4 * kA, kA)); }),
       "MISDIRECTED"},
      {8, "a batch that does not continue the chain",
       [](Bench& bench) {
         LogBuilder log = ThreeBatches();
         log.last_id = std::string(16, 'x');
         log.Batch({"fork"});
         StoreLog(bench, log);
       },
       "CHAIN_BROKEN"},
      {9, "unreadable", Three([](Bench& b) { b.disk.unreadable[LogBuilder{}.Path(1)] = {kLast}; }),
       "IO_ERROR", "torn_tail 3"},
      {9, "unreadable, behind the end",
       Three([](Bench& b) { b.disk.unreadable[LogBuilder{}.Path(1)] = {kLast + 5 * kA}; }),
       "IO_ERROR", "torn_tail 5"},
      {9, "unreadable, and durable",
       Three([](Bench& b) { b.disk.unreadable[LogBuilder{}.Path(1)] = {kSecond}; }), "IO_ERROR",
       nullptr},
      {10, "zeros cut off", Three([](Bench& b) { b.File(1).resize(kLast + kA + 512); }), "clean 5"},
      {10, "cut where the last batch ends", Three([](Bench& b) { b.File(1).resize(kLast + kA); }),
       "TRUNCATED"},
      {10, "cut inside the last batch", Three([](Bench& b) { b.File(1).resize(kLast + 700); }),
       "TRUNCATED"},
      {10, "durable batches cut off", Three([](Bench& b) { b.File(1).resize(kSecond); }),
       "TRUNCATED"},
      {10, "cut inside a durable batch", Three([](Bench& b) { b.File(1).resize(kSecond + 60); }),
       "TRUNCATED"},
      {20, "a batch of a newer version", Three([](Bench& b) { SetField(b, 1, kLast, 112, 4, 2); }),
       "UNSUPPORTED"},
  };
}

}  // namespace stet::wal
