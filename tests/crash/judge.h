// Whether a log that came back is one that may come back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stet/wal/recovery.h"

namespace stet::wal {

// What may be found after a crash.
struct Allowed {
  uint64_t at_least = 0;          // the last seq that was acknowledged
  uint64_t at_most = UINT64_MAX;  // the last seq that was ever appended
};

struct LogJudgement {
  std::string complaint = {};  // empty: the log is as it may be
  uint64_t last_seq = 0;
  Verdict verdict = Verdict::kRefused;
  absl::Status refusal = {};
};

// Recovers the log in `directory`, from `anchors`, and reads all of it: no refusal, dense seqs, exact
// bytes, all that `allowed` asks for and nothing that it forbids.  It begins with seq 1, or no later
// than behind the newest anchor.
LogJudgement Judge(const std::string& directory, Backend backend, const Allowed& allowed,
                   const std::vector<Anchor>& anchors = {});

}  // namespace stet::wal
