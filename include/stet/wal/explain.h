// Says what stands at one place of a log, field by field, and what happened to it: for tools.
//
//   auto explained = stet::wal::Explain({.directory = dir}, 0x1'0000'4000);
//   for (const stet::wal::Field& field : explained->fields) Print(field.name, field.found);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "stet/wal/options.h"

#pragma GCC visibility push(default)

namespace stet::wal {

// What happened to a structure.
enum class Cause : uint8_t {
  kIntact,       // it is what was written here
  kUnused,       // zeros, and nothing promises that anything was written here
  kZeros,        // zeros where something durable is promised: a lost write, or zeroed blocks
  kTorn,         // whole sectors are missing, as a crash leaves a write in flight
  kBitFlip,      // one flipped bit explains it; `flip` says which, found by trial
  kStale,        // an intact batch of an older use of the file: its salt is of no segment here
  kMisdirected,  // an intact structure of another place; `from_lsn` says which
  kForeign,      // it belongs to another log
  kUnchained,    // intact, in its place, and not the continuation of what stands before it
  kNewer,        // written by a newer version
  kUnreadable,   // the device reports an error
  kMissing,      // the file ends before it
  kDead,         // intact, and behind the end that the next segment states: dropped there
  kDamaged,      // written whole, wrong, and no single cause was found
};
std::string_view ToString(Cause cause);

// A field of a structure.
struct Field {
  std::string name = {};
  uint64_t offset = 0;  // in the file
  uint32_t bytes = 0;
  std::string found = {};
  std::string expected = {};  // empty: whatever stands here is right
  bool ok = true;
};

// A bit, 0 being the lowest, of the byte at `offset` of the file.
struct FlippedBit {
  uint64_t offset = 0;
  int bit = 0;
};

// Up to 16 bytes that are not what they should be.
struct HexDifference {
  uint64_t offset = 0;  // in the file
  std::string found = {};
  std::string expected = {};  // raw bytes, both of one length
};

struct Explanation {
  std::string structure =
      {};  // "segment header copy A", "watermark slot 0", "batch", "record", ...
  std::string file = {};
  uint64_t lsn = 0;     // of the structure's first byte
  uint64_t offset = 0;  // the same, in the file
  uint64_t bytes = 0;
  uint64_t first_seq = 0;  // of the records in it; 0, 0: none, or not known
  uint64_t last_seq = 0;
  Cause cause = Cause::kIntact;
  bool promised = false;  // something that is intact says that this was durable once
  bool spare = false;  // the log opens without it: a header of which the other copy counts, a slot
  std::string text = {};  // one line: what is wrong, and what proves the cause
  std::optional<FlippedBit> flip = {};
  std::optional<uint64_t> from_lsn = {};
  std::vector<Field> fields = {};
  std::vector<HexDifference> differences = {};  // where the right bytes are known
};

// Explains the structure that holds the byte at `lsn` (segment number << 32 | offset in its file):
// a header copy, a watermark slot, a batch or the record of it at that byte, or the unused rest.
// Reads the segment up to there.  Nothing is written, and no lock is taken.
// Errors: NotFound for a segment that is not there; OutOfRange for a place behind the segment's end;
// what listing the directory gives.
absl::StatusOr<Explanation> Explain(const Options& options, uint64_t lsn);

// The same for the record `seq`.  Errors: NotFound if no batch in the log names that seq; the text
// says which seqs there are around it.
absl::StatusOr<Explanation> ExplainSeq(const Options& options, uint64_t seq);

// Everything in a log that is not as it was written, in order of place: damaged header copies and
// slots, bad batches and zeros where something durable was, missing segments, LOG_ID, totals that do
// not add up.  Where Examine ends at the first refusal, this goes on.  What an ordinary crash leaves
// behind the end is among it: kTorn and kStale, not `promised`.  At most `places_max`.
// Reads everything several times.  Errors: as Explain.
absl::StatusOr<std::vector<Explanation>> ExplainDamage(const Options& options,
                                                       size_t places_max = 1000);

}  // namespace stet::wal

#pragma GCC visibility pop
