// Opens built logs and says what recovery made of them.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "stet/wal/recovery.h"
#include "tests/wal/log_builder.h"
#include "tests/wal/memory_storage.h"

namespace stet::wal {

// A disk with a log, and what Recover and Examine say of it.  Every examination checks that both
// agree and that no byte of any file changed.
struct Bench {
  MemoryStorage disk = {};
  Options options = {.directory = "log"};
  std::vector<Anchor> anchors = {};
  bool same = true;  // Recover and Examine agreed, nothing on the disk changed

  Bench() { options.storage = &disk; }
  explicit Bench(const LogBuilder& log) : Bench() { log.Store(&disk); }

  std::string& File(uint64_t segno) { return disk.files.at(LogBuilder{}.Path(segno)); }
  void Flip(uint64_t segno, uint64_t offset, int bit = 0) {
    File(segno)[offset] = static_cast<char>(File(segno)[offset] ^ (1 << bit));
  }
  void Zero(uint64_t segno, uint64_t offset, uint64_t bytes) {
    std::fill_n(File(segno).begin() + static_cast<ptrdiff_t>(offset), bytes, '\0');
  }

  RecoveryReport Judge() {
    const std::map<std::string, std::string> before = disk.files;
    const RecoveryReport examined = Examine(options, anchors);
    const absl::StatusOr<RecoveredLog> recovered = Recover(options, anchors);
    same = before == disk.files && RefusalOf(recovered.status()) == examined.refusal &&
           recovered.ok() == !examined.refused();
    if (same && recovered.ok()) {
      same = recovered->report().end_lsn == examined.end_lsn &&
             recovered->report().last_seq == examined.last_seq &&
             recovered->report().rows == examined.rows;
    }
    return examined;
  }

  // Payloads that a reader gives; "!" and the error at the end if it fails.
  std::vector<std::string> Read(uint64_t from_seq = 1) {
    const absl::StatusOr<RecoveredLog> log = Recover(options, anchors);
    if (!log.ok()) return {"! " + log.status().ToString()};
    return ReadAll(log->NewReader(from_seq));
  }
  // The same of what the anchor does not cover.
  std::vector<std::string> ReadBehindAnchor() {
    const absl::StatusOr<RecoveredLog> log = Recover(options, anchors);
    if (!log.ok()) return {"! " + log.status().ToString()};
    return ReadAll(log->NewReader());
  }
  static std::vector<std::string> ReadAll(Reader reader) {
    std::vector<std::string> payloads;
    for (const Record& record : reader) {
      payloads.emplace_back(reinterpret_cast<const char*>(record.payload.data()),
                            record.payload.size());
    }
    if (!reader.status().ok()) payloads.push_back("! " + reader.status().ToString());
    return payloads;
  }
};

// The anchor of a snapshot up to the end of `batch`.
inline Anchor AnchorBehind(const BuiltBatch& batch) {
  Anchor anchor = {.seq = batch.first_seq + batch.count - 1, .lsn = batch.lsn + batch.bytes};
  std::memcpy(&anchor.batch_id, batch.id.data(), sizeof(anchor.batch_id));
  return anchor;
}

inline bool Says(const RecoveryReport& report, const std::string& code) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [&](const Finding& finding) { return finding.code == code; });
}

// Two durable batches (seq 1..3) and one that nothing names durable (seq 4..5).
inline LogBuilder ThreeBatches(uint8_t fill = 1) {
  LogBuilder log;
  log.fill = fill;
  log.Segment();
  log.Batch({"a1", "a2"});
  log.Durable();
  log.Batch({"b3"});
  log.Slot();
  log.Batch({"c4", std::string(1500, 'c')});
  return log;
}

// Two segments, the first finished; seq 1..3.
inline LogBuilder TwoSegments() {
  LogBuilder log;
  log.Segment();
  log.Batch({"a1"});
  log.Batch({"b2"});
  log.End();
  log.Segment();
  log.Batch({"c3"});
  log.Slot();
  return log;
}

}  // namespace stet::wal
