// The decisions of recovery, as tables: what was observed in, what is done out.
//
// Every observation is made before anything is decided; then exactly one row of a table applies.  A
// test walks over all observations and checks just that.  Row numbers are those of wal/README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "stet/wal/recovery.h"
#include "wal/segment_reader.h"

namespace stet::wal {

// --- The directory ------------------------------------------------------------------------------

enum class LogIdState : uint8_t { kAbsent, kIntact, kDamaged, kNewer };
inline constexpr int kLogIdStates = 4;

// The most that any segment file in the directory shows.
enum class Content : uint8_t {
  kNothing,  // no segment files
  kUnused,   // files without an active header and without a batch
  kActive,   // an active header, no batch
  kBatches,
};
inline constexpr int kContents = 4;

struct DirectoryFacts {
  LogIdState log_id = LogIdState::kAbsent;
  Content content = Content::kNothing;
  bool create = false;
};

enum class DirectoryCase : uint8_t {
  kGoOn,
  kUnborn,
  kNotALog,
  kNoLogId,
  kLogMissing,
  kNewer,
};
DirectoryCase Classify(const DirectoryFacts& facts);
int RowsThatMatch(const DirectoryFacts& facts);  // 1, always; for the test

// --- One segment's header -----------------------------------------------------------------------

enum class Copy : uint8_t { kActive, kProvisional, kBad, kNewer };
inline constexpr int kCopies = 4;

struct HeaderFacts {
  Copy a = Copy::kBad;
  Copy b = Copy::kBad;
  bool equal = false;      // of two valid copies in one state: the same bytes
  bool has_batch = false;  // an intact batch header in its place
  bool all_zero = false;   // nothing in the file
  bool last = false;       // no active segment behind it
};

enum class HeaderCase : uint8_t {
  kUse,          // active
  kHeal,         // active; the other copy is bad or missed the activation
  kReady,        // prepared, never used
  kReadyHealed,  // the same, with one bad copy
  kUnborn,       // nothing was ever in it
  kLost,
  kDisagree,
  kNewer,
};
HeaderCase Classify(const HeaderFacts& facts);
int RowsThatMatch(const HeaderFacts& facts);

// --- The place P where a segment's batches end --------------------------------------------------

struct TailFacts {
  Place place = Place::kZeros;  // what stands at P (never kValid)
  bool beyond = false;          // W > P: something behind P was durable once
  bool behind = false;          // a batch with an intact header stands behind P
  bool stale_fill = false;      // the segment was not zeroed before its use
  bool lenient = false;         // the caller accepts the loss of a suspect tail
  bool cut = false;             // the file is shorter than its header says
};

enum class TailCase : uint8_t {
  kEnd,             // 1
  kLostTail,        // 1
  kTorn,            // 2
  kTornGroup,       // 3
  kCorruptAcked,    // 2 3 4
  kSuspectTail,     // 4
  kSuspectDropped,  // 4, lenient
  kWeakDropped,     // 5
  kStaleTail,       // 6
  kMisplaced,       // 7
  kMisdirected,     // 7
  kChainBroken,     // 8
  kIoError,         // 9
  kIoDropped,       // 9, lenient
  kCutAtEnd,        // 10
  kTruncated,       // 10
  kNewer,           // 20
};
TailCase Classify(const TailFacts& facts);
int RowsThatMatch(const TailFacts& facts);

// What a case means for open: kNone if the log is accepted up to P.
Refusal RefusalFor(TailCase tail_case);
Verdict VerdictFor(TailCase tail_case);        // of an accepted one
std::string_view CodeFor(TailCase tail_case);  // of its finding; "" if there is nothing to say

}  // namespace stet::wal
