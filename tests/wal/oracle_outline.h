// What the oracle makes of a directory before it reads any batch.
#pragma once

#include <vector>

#include "tests/wal/oracle.h"
#include "tests/wal/oracle_text.h"

namespace stet::oracle {

struct Outline {
  const char* refusal = "";
  std::vector<Segment> log = {};  // those in use
  size_t start = 0;          // the first that is read; those before it are covered by a snapshot
  uint64_t last_number = 0;  // of all that are here
  uint64_t opened = 0;       // by LOG_ID, a segment that was in use
};
Outline ReadOutline(const Disk& disk, const Question& question);

// 11: whether two headers, and the slots of the first, fit.
bool Follows(const Segment& before, const Segment& after);

}  // namespace stet::oracle
