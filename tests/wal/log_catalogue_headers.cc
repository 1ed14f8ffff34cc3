// Logs whose segment headers decide.
#include "tests/wal/log_catalogue.h"

namespace stet::wal {
namespace {

// ThreeBatches, and segment 2 in a state: header copies as given by (state, damaged).
struct CopyState {
  uint8_t state = 2;
  bool bad = false;
};
void StoreSecond(Bench& bench, CopyState a, CopyState b, bool batch = false) {
  LogBuilder log = ThreeBatches();
  LogBuilder active = log;
  active.Segment(1);
  if (batch) active.Batch({"d6"});
  LogBuilder prepared = log;
  prepared.Segment(1, 1);
  active.Store(&bench.disk);
  const auto put = [&](uint64_t at, CopyState copy) {
    const LogBuilder& from = copy.state == 2 ? active : prepared;
    bench.File(2).replace(at, 256, from.segments[1].bytes, at, 256);
    if (copy.bad) bench.Flip(2, at + 60);
  };
  put(0, a);
  put(kA, b);
}
constexpr CopyState kActiveCopy = {.state = 2};
constexpr CopyState kPreparedCopy = {.state = 1};
constexpr CopyState kBadCopy = {.state = 2, .bad = true};

}  // namespace

// Changes a field of an intact structure of `bytes` bytes, and its digest.
void SetField(Bench& bench, uint64_t segno, uint64_t at, uint64_t bytes, uint64_t field,
              uint8_t value) {
  Image image = {.bytes = bench.File(segno)};
  image.Put<uint8_t>(at + field, value);
  image.PutDigest(at + bytes, at, at + bytes);
  bench.File(segno) = image.bytes;
}

std::vector<CatalogueLog> HeaderLogs() {
  return {
      {32, "two copies, both intact, that differ",
       [](Bench& bench) {
         StoreThree(bench);
         SetField(bench, 1, kA, 240, 48, 9);
       },
       "CHAIN_BROKEN"},
      {12, "copy B is damaged", [](Bench& bench) { StoreSecond(bench, kActiveCopy, kBadCopy); },
       "clean 5"},
      {12, "copy A is damaged", [](Bench& bench) { StoreSecond(bench, kBadCopy, kActiveCopy); },
       "clean 5"},
      {15, "activation reached copy A only",
       [](Bench& bench) { StoreSecond(bench, kActiveCopy, kPreparedCopy); }, "clean 5"},
      {15, "activation reached copy B only",
       [](Bench& bench) { StoreSecond(bench, kPreparedCopy, kActiveCopy); }, "clean 5"},
      {1, "the next segment is prepared",
       [](Bench& bench) { StoreSecond(bench, kPreparedCopy, kPreparedCopy); }, "clean 5", nullptr},
      {32, "prepared, and the copies differ",
       [](Bench& bench) {
         StoreSecond(bench, kPreparedCopy, kPreparedCopy);
         SetField(bench, 2, kA, 240, 48, 9);
       },
       "CHAIN_BROKEN"},
      {12, "prepared, and copy B is damaged",
       [](Bench& bench) { StoreSecond(bench, kPreparedCopy, kBadCopy); }, "clean 5"},
      {12, "prepared, and copy A is damaged",
       [](Bench& bench) { StoreSecond(bench, kBadCopy, kPreparedCopy); }, "clean 5"},
  };
}

std::vector<CatalogueLog> LostHeaderLogs() {
  return {
      {13, "prepared, and batches are there",
       [](Bench& bench) { StoreSecond(bench, kPreparedCopy, kPreparedCopy, true); }, "HEADER_LOST"},
      {13, "copy A damaged, B prepared, and batches are there",
       [](Bench& bench) { StoreSecond(bench, kBadCopy, kPreparedCopy, true); }, "HEADER_LOST",
       nullptr},
      {13, "both damaged, and batches are there",
       [](Bench& bench) { StoreSecond(bench, kBadCopy, kBadCopy, true); }, "HEADER_LOST", nullptr},
      {13, "both damaged, without batches",
       [](Bench& bench) { StoreSecond(bench, kBadCopy, kBadCopy); }, "HEADER_LOST"},
      {13, "zeros before a segment in use",
       [](Bench& bench) {
         StoreSecond(bench, kActiveCopy, kActiveCopy);
         bench.Zero(1, 0, 128 << 10);
       },
       "HEADER_LOST"},
      {14, "a last file of zeros",
       [](Bench& bench) {
         StoreSecond(bench, kActiveCopy, kActiveCopy);
         bench.Zero(2, 0, 128 << 10);
       },
       "clean 5"},
      {20, "copy A of a newer version",
       [](Bench& bench) {
         StoreThree(bench);
         SetField(bench, 1, 0, 240, 8, 2);
       },
       "UNSUPPORTED"},
      {20, "copy B with a feature that cannot be passed over",
       [](Bench& bench) {
         StoreThree(bench);
         SetField(bench, 1, kA, 240, 80, 1);
       },
       "UNSUPPORTED"},
      {20, "a feature that forbids writing",
       [](Bench& bench) {
         StoreThree(bench);
         SetField(bench, 1, 0, 240, 76, 1);
         SetField(bench, 1, kA, 240, 76, 1);
       },
       "UNSUPPORTED"},
      {1, "a feature that may be passed over",
       [](Bench& bench) {
         StoreThree(bench);
         SetField(bench, 1, 0, 240, 72, 1);
         SetField(bench, 1, kA, 240, 72, 1);
       },
       "clean 5"},
      {20, "record types of a higher level",
       [](Bench& bench) {
         LogBuilder log;
         log.event_level = 2;
         log.Segment();
         StoreLog(bench, log);
       },
       "UNSUPPORTED"},
  };
}

}  // namespace stet::wal
