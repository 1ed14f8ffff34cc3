// What a log was given and what it said of it: the only answers that recovery may give follow from that.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/status.h>

#include "stet/wal/recovery.h"
#include "stet/wal/writer.h"

namespace stet::wal {

// What a run says that found a promise broken.
inline absl::Status Broken(std::string text) { return absl::InternalError(std::move(text)); }

// How many records, from the first on, must be there afterwards.
struct Promises {
  uint64_t kill = 0;       // after kill -9
  uint64_t power = 0;      // after a power cut
  uint64_t witnessed = 0;  // after a power cut and one fault of the medium, unless open refuses
};

// Everything is judged from outside: by what Append took and the watermarks said.  An error is a broken promise.
class History {
 public:
  // What each record holds, by its id; ids count all that were ever given, from 1 on.
  using PayloadSource = std::function<std::string(uint64_t id)>;
  explicit History(PayloadSource payload) : payload_(std::move(payload)) {}

  // Appends `records` new ones as one group; its error, with nothing noted, if the writer does not take it.
  absl::Status Append(Writer* writer, uint64_t records, Durability at_least = Durability::kMemory);

  // Takes note of the watermarks.
  absl::Status Observe(const Writer& writer, Durability durability);

  // An error of the disk came between: what was only written may be gone.
  void ForgetWritten() { promises_.kill = promises_.power; }

  // That a log, read from `from` on, holds a prefix of what was given, group by group and byte by byte, and up to `at_least` at
  // least.
  absl::Status CheckRecovered(const RecoveredLog& log, uint64_t at_least, uint64_t from = 1) const;

  // The log was opened and holds this many: all others are gone for good, these stay.
  void Settle(uint64_t records);

  const Promises& promises() const { return promises_; }
  uint64_t size() const { return ids_.size(); }
  std::string Payload(uint64_t seq) const { return payload_(ids_[seq - 1]); }

 private:
  void Promise(uint64_t seq, Durability durability);

  PayloadSource payload_;
  uint64_t next_id_ = 1;
  std::vector<uint64_t> ids_;                          // by seq - 1
  std::vector<bool> ends_group_;                       // likewise
  std::deque<std::pair<uint64_t, Durability>> asked_;  // last seq of a group, and what it asked for
  Promises promises_;
  Watermarks seen_;
  uint64_t released_ = 0;
};

}  // namespace stet::wal
