// A second opinion on a log: what open has to answer, worked out from the drawings in wal/format.h and
// the tables in wal/README.md by code that shares nothing with wal/.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stet::oracle {

// A directory and what is in it.  `unreadable` are offsets of 4 KiB blocks, by path.
struct Disk {
  const std::map<std::string, std::string>* files = nullptr;  // by path
  std::string directory = {};
  const std::map<std::string, std::set<uint64_t>>* unreadable = nullptr;
};

// A verified snapshot.
struct Snapshot {
  uint64_t seq = 0;
  uint64_t lsn = 0;
  std::string batch_id = {};  // 16 bytes, as on disk
};

struct Question {
  bool lenient = false;
  uint16_t event_level_max = 1;
  std::vector<Snapshot> snapshots = {};
};

// `refusal` is the name as in reports, "" if the log is accepted; then the rest counts.
struct Answer {
  std::string refusal = {};
  std::string verdict = {};  // "clean", "torn_tail", "stale_tail", "unborn"
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  std::vector<std::pair<uint64_t, std::string>> records = {};  // seq, payload; those held
};

Answer Judge(const Disk& disk, const Question& question);

}  // namespace stet::oracle
