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

// --- Where replay starts ------------------------------------------------------------------------

// How the newest anchor stands to the log.
enum class AnchorPlace : uint8_t {
  kNone,    // none was given
  kHere,    // the log holds its batch, or starts right behind it
  kOther,   // the log holds another batch there, or none ends there
  kBefore,  // the log starts later, and records between are missing
  kBehind,  // the log ends earlier
};
inline constexpr int kAnchorPlaces = 5;

struct BaseFacts {
  AnchorPlace anchor = AnchorPlace::kNone;
  bool from_start = false;   // the log holds seq 1
  bool newer_named = false;  // a header names a newer snapshot than any anchor
};

enum class BaseCase : uint8_t {
  kAnchor,          // open from the newest anchor
  kOlderAnchor,     // 24
  kAll,             // 25
  kAllAgain,        // 24, 25
  kNoBase,          // 26
  kBehindSnapshot,  // 27
  kGap,             // 28
  kForked,          // 29
};
BaseCase Classify(const BaseFacts& facts);
Refusal RefusalFor(BaseCase base_case);

// --- The place P where a segment's batches end --------------------------------------------------

// Whether the file is shorter than its header says.  It never was when it was written: each segment is
// filled with zeros, durably, before it is used.
enum class Shortened : uint8_t {
  kNone,
  kBehind,  // what is left reaches beyond P, and the first sector there is zero: nothing was at P
  kAt,      // what stood at P may be gone with the rest
};
inline constexpr int kCuts = 3;

struct TailFacts {
  Place place = Place::kZeros;  // what stands at P (never kValid)
  bool beyond = false;          // W > P: something behind P was durable once
  bool behind = false;          // a batch with an intact header stands behind P
  bool stale_fill = false;      // the segment was not zeroed before its use
  bool lenient = false;         // the caller accepts the loss of a suspect tail
  Shortened cut = Shortened::kNone;
  bool anchored = false;  // only an anchor says that W > P: the log itself knows nothing of it
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
  kBehindSnapshot,  // 27
};
TailCase Classify(const TailFacts& facts);

// What a case means for open: kNone if the log is accepted up to P.
Refusal RefusalFor(TailCase tail_case);
Verdict VerdictFor(TailCase tail_case);        // of an accepted one
std::string_view CodeFor(TailCase tail_case);  // of its finding; "" if there is nothing to say

// --- For all tables -----------------------------------------------------------------------------

// The number that a table's row has in wal/README.md; 0 for the normal case.
int RowOf(const DirectoryFacts& facts);
int RowOf(const HeaderFacts& facts);
int RowOf(const BaseFacts& facts);
int RowOf(const TailFacts& facts);

// For tests: how many lines a table has, which of them apply to `facts` (exactly one does).
struct TableLines {
  int lines = 0;
  int matches = 0;
  int line = 0;  // the first that applies
};
TableLines LinesFor(const DirectoryFacts& facts);
TableLines LinesFor(const HeaderFacts& facts);
TableLines LinesFor(const BaseFacts& facts);
TableLines LinesFor(const TailFacts& facts);

}  // namespace stet::wal
