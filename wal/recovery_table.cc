// Each row tells the story of the disk that leads to it.
#include "wal/recovery_table.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace stet::wal {
namespace {

// What a row asks of a yes-or-no fact.
enum Ask : uint8_t { N, Y, _ };
constexpr bool Fits(Ask ask, bool fact) { return ask == _ || (ask == Y) == fact; }

// What a row asks of a fact with several values: one bit each.
template <typename Enum>
constexpr uint16_t Bit(Enum value) {
  return static_cast<uint16_t>(1 << static_cast<int>(value));
}
template <typename Enum>
constexpr bool In(uint16_t set, Enum value) {
  return (set & Bit(value)) != 0;
}
constexpr uint16_t kAny = 0xffff;

template <typename Row, size_t kRows, typename Facts>
const Row& LineFor(const Row (&rows)[kRows], const Facts& facts) {
  const Row* row = std::find_if(std::begin(rows), std::end(rows),
                                [&](const Row& candidate) { return Matches(candidate, facts); });
  assert(row != std::end(rows));
  return *row;
}

template <typename Row, size_t kRows, typename Facts>
TableLines CountLines(const Row (&rows)[kRows], const Facts& facts) {
  const auto matches = std::count_if(std::begin(rows), std::end(rows),
                                     [&](const Row& row) { return Matches(row, facts); });
  return {.lines = static_cast<int>(kRows),
          .matches = static_cast<int>(matches),
          .line = static_cast<int>(&LineFor(rows, facts) - rows)};
}

// --- The directory ------------------------------------------------------------------------------

struct DirectoryRow {
  int row;
  uint16_t log_id;
  uint16_t content;
  Ask create;
  DirectoryCase result;
};
bool Matches(const DirectoryRow& row, const DirectoryFacts& facts) {
  return In(row.log_id, facts.log_id) && In(row.content, facts.content) &&
         Fits(row.create, facts.create);
}

constexpr uint16_t kAbsent = Bit(LogIdState::kAbsent);
constexpr uint16_t kIntact = Bit(LogIdState::kIntact);
constexpr uint16_t kNoBatch =
    Bit(Content::kNothing) | Bit(Content::kUnused) | Bit(Content::kActive);
constexpr uint16_t kBatches = Bit(Content::kBatches);

// clang-format off
constexpr DirectoryRow kDirectoryRows[] = {
    // The normal case.
    {0,  kIntact, Bit(Content::kActive) | kBatches,   _, DirectoryCase::kGoOn},
    // LOG_ID is written when segment 1 is active and durable, so a crash leaves no LOG_ID without it:
    // the segments were lost, or this is the mount point of a disk that is not there.
    {17, kIntact, Bit(Content::kUnused),              _, DirectoryCase::kLogMissing},
    {30, kIntact, Bit(Content::kNothing),             _, DirectoryCase::kLogMissing},
    // A new directory, or a crash between the first file and LOG_ID: no batch precedes LOG_ID.
    {31, kAbsent, kNoBatch,                           Y, DirectoryCase::kUnborn},
    {31, kAbsent, kNoBatch,                           N, DirectoryCase::kNotALog},
    // Batches without LOG_ID: it was deleted, or the files were copied without it.
    {33, kAbsent, kBatches,                           _, DirectoryCase::kNoLogId},
    // LOG_ID appears whole by its rename: a damaged one is bit rot.
    {33, Bit(LogIdState::kDamaged), kAny,             _, DirectoryCase::kNoLogId},
    {20, Bit(LogIdState::kNewer), kAny,               _, DirectoryCase::kNewer},
};
// clang-format on

// --- One segment's header -----------------------------------------------------------------------

struct HeaderRow {
  int row;
  uint16_t a;
  uint16_t b;
  Ask equal;
  Ask has_batch;
  Ask all_zero;
  Ask last;
  HeaderCase result;
};
bool Matches(const HeaderRow& row, const HeaderFacts& facts) {
  return In(row.a, facts.a) && In(row.b, facts.b) && Fits(row.equal, facts.equal) &&
         Fits(row.has_batch, facts.has_batch) && Fits(row.all_zero, facts.all_zero) &&
         Fits(row.last, facts.last);
}

constexpr uint16_t kAct = Bit(Copy::kActive);
constexpr uint16_t kPro = Bit(Copy::kProvisional);
constexpr uint16_t kBad = Bit(Copy::kBad);
constexpr uint16_t kNew = Bit(Copy::kNewer);

// clang-format off
constexpr HeaderRow kHeaderRows[] = {
    //   copy A        copy B           equal batch zero last
    // The normal case.
    {0,  kAct,         kAct,            Y,    _,    _,   _, HeaderCase::kUse},
    // Both copies are one write: two that are valid and differ were not written by one writer.
    {32, kAct,         kAct,            N,    _,    _,   _, HeaderCase::kDisagree},
    // A flipped bit in one copy, or an unreadable block.
    {12, kAct,         kBad,            _,    _,    _,   _, HeaderCase::kHeal},
    {12, kBad,         kAct,            _,    _,    _,   _, HeaderCase::kHeal},
    // The crash came while both copies were being activated, and one sector was written.
    {15, kAct,         kPro,            _,    _,    _,   _, HeaderCase::kHeal},
    {15, kPro,         kAct,            _,    _,    _,   _, HeaderCase::kHeal},
    // Prepared ahead, and never activated.
    {0,  kPro,         kPro,            Y,    N,    _,   _, HeaderCase::kReady},
    {32, kPro,         kPro,            N,    N,    _,   _, HeaderCase::kDisagree},
    {12, kPro,         kBad,            _,    N,    _,   _, HeaderCase::kReadyHealed},
    {12, kBad,         kPro,            _,    N,    _,   _, HeaderCase::kReadyHealed},
    // Activation is durable before the first batch: it was lost afterwards.
    {13, kPro,         kPro | kBad,     _,    Y,    _,   _, HeaderCase::kLost},
    {13, kBad,         kPro,            _,    Y,    _,   _, HeaderCase::kLost},
    // Both copies damaged.
    {13, kBad,         kBad,            _,    Y,    _,   _, HeaderCase::kLost},
    {13, kBad,         kBad,            _,    N,    N,   _, HeaderCase::kLost},
    {13, kBad,         kBad,            _,    N,    Y,   N, HeaderCase::kLost},
    // A last file of zeros: it got its name, and nothing else.
    {14, kBad,         kBad,            _,    N,    Y,   Y, HeaderCase::kUnborn},
    {20, kNew,         kAny,            _,    _,    _,   _, HeaderCase::kNewer},
    {20, kAct | kPro | kBad, kNew,      _,    _,    _,   _, HeaderCase::kNewer},
};
// clang-format on

// --- Where replay starts ------------------------------------------------------------------------

struct BaseRow {
  int row;
  AnchorPlace anchor;
  Ask from_start;
  Ask newer_named;
  BaseCase result;
};
bool Matches(const BaseRow& row, const BaseFacts& facts) {
  return row.anchor == facts.anchor && Fits(row.from_start, facts.from_start) &&
         Fits(row.newer_named, facts.newer_named);
}

// clang-format off
constexpr BaseRow kBaseRows[] = {
    //                           start newer
    {0,  AnchorPlace::kHere,     _,    N, BaseCase::kAnchor},
    // The newest snapshot is damaged or gone; records reach back to the one before it.
    {24, AnchorPlace::kHere,     _,    Y, BaseCase::kOlderAnchor},
    {25, AnchorPlace::kNone,     Y,    N, BaseCase::kAll},
    // The only snapshots are damaged or gone, and the log still holds everything.
    {24, AnchorPlace::kNone,     Y,    Y, BaseCase::kAllAgain},
    // The beginning was retired, and what it was retired for is not here.
    {26, AnchorPlace::kNone,     N,    _, BaseCase::kNoBase},
    // Snapshots hold durable records only: the log lost some, or is an older copy.
    {27, AnchorPlace::kBehind,   _,    _, BaseCase::kBehindSnapshot},
    // Segments were removed that the snapshot does not cover.
    {28, AnchorPlace::kBefore,   _,    _, BaseCase::kGap},
    // Snapshot and log went different ways: one of them is a copy that went on by itself.
    {29, AnchorPlace::kOther,    _,    _, BaseCase::kForked},
};
// clang-format on

// --- The place P where a segment's batches end --------------------------------------------------

struct TailRow {
  int row;
  Place place;
  Ask beyond;
  Ask behind;
  Ask stale_fill;
  Ask lenient;
  uint16_t cut;
  Ask anchored;
  TailCase result;
};
bool Matches(const TailRow& row, const TailFacts& facts) {
  return row.place == facts.place && Fits(row.beyond, facts.beyond) &&
         Fits(row.behind, facts.behind) && Fits(row.stale_fill, facts.stale_fill) &&
         Fits(row.lenient, facts.lenient) && In(row.cut, facts.cut) &&
         Fits(row.anchored, facts.anchored);
}

constexpr uint16_t kWhole = Bit(Shortened::kNone);
constexpr uint16_t kMore = Bit(Shortened::kBehind);
constexpr uint16_t kLess = Bit(Shortened::kAt);
constexpr uint16_t kCut = kMore | kLess;
constexpr uint16_t kEnough = kWhole | kMore;

// clang-format off
constexpr TailRow kTailRows[] = {
    //                       beyond behind stale lenient cut     anchored
    // The log ends here, and always did.  Or: it was longer, and its last blocks are gone (a lost
    // write, a trim, an old image of the disk); the watermark knows.
    {1,  Place::kZeros,      N,     _,     _,    _,      kWhole, _, TailCase::kEnd},
    {1,  Place::kZeros,      Y,     _,     _,    _,      kWhole, N, TailCase::kLostTail},
    // By its own account the log is whole, but it ends before a snapshot of it does: an old copy.
    {27, Place::kZeros,      Y,     _,     _,    _,      kWhole, Y, TailCase::kBehindSnapshot},
    // A copy without the zeros at its end loses nothing: batches are written in order, and at P none
    // was.  Where not even P is left, acknowledged batches may have stood behind the cut.
    {10, Place::kZeros,      N,     _,     _,    _,      kMore,  _, TailCase::kCutAtEnd},
    {10, Place::kZeros,      N,     _,     _,    _,      kLess,  _, TailCase::kTruncated},
    {10, Place::kZeros,      Y,     _,     _,    _,      kCut,   _, TailCase::kTruncated},
    // The crash came while this batch was being written: some of its sectors still show the zeros of
    // the fresh segment.  Had it been durable, all of them would be there.
    {2,  Place::kTorn,       N,     N,     _,    _,      kEnough, _, TailCase::kTorn},
    // Several batches were in flight and a later one arrived first.  Acknowledgement is in order, so
    // none of them was acknowledged.
    {3,  Place::kTorn,       N,     Y,     _,    _,      kEnough, _, TailCase::kTornGroup},
    {2,  Place::kTorn,       Y,     N,     _,    _,      kWhole, _, TailCase::kCorruptAcked},
    {3,  Place::kTorn,       Y,     Y,     _,    _,      kWhole, _, TailCase::kCorruptAcked},
    // Its rest may have been cut off, not missing: then it may have been acknowledged.
    {10, Place::kTorn,       N,     _,     _,    _,      kLess,  _, TailCase::kTruncated},
    {10, Place::kTorn,       Y,     _,     _,    _,      kCut,   _, TailCase::kTruncated},
    // Every sector was written, and the bytes are not those that were sealed: bit rot, or a disk that
    // tears inside a sector.  It may have been acknowledged, so it is not dropped unasked; neither if
    // batches stand behind it.
    {4,  Place::kDamaged,    N,     _,     N,    N,      kAny,   _, TailCase::kSuspectTail},
    {4,  Place::kDamaged,    N,     _,     N,    Y,      kAny,   _, TailCase::kSuspectDropped},
    {4,  Place::kDamaged,    Y,     _,     N,    _,      kAny,   _, TailCase::kCorruptAcked},
    // In a segment that was not zeroed, old bytes fill the holes of a torn batch: the two cannot be
    // told apart, which is the price of not zeroing.
    {5,  Place::kDamaged,    N,     _,     Y,    _,      kAny,   _, TailCase::kWeakDropped},
    {5,  Place::kDamaged,    Y,     _,     Y,    _,      kAny,   _, TailCase::kCorruptAcked},
    // A batch of an older use of the file: this place was not written since.
    {6,  Place::kStale,      N,     _,     _,    _,      kAny,   _, TailCase::kStaleTail},
    {6,  Place::kStale,      Y,     _,     _,    _,      kAny,   N, TailCase::kLostTail},
    {27, Place::kStale,      Y,     _,     _,    _,      kAny,   Y, TailCase::kBehindSnapshot},
    // The drive put a batch at the wrong place.  If nothing durable was here, nothing is lost.
    {7,  Place::kMisplaced,  N,     _,     _,    _,      kAny,   _, TailCase::kMisplaced},
    {7,  Place::kMisplaced,  Y,     _,     _,    _,      kAny,   _, TailCase::kMisdirected},
    // Batches are written in order, each naming the one before it: an intact one that does not
    // continue the chain is no work of a crash.
    {8,  Place::kUnchained,  _,     _,     _,    _,      kAny,   _, TailCase::kChainBroken},
    // What cannot be read may have been acknowledged.
    {9,  Place::kUnreadable, N,     _,     _,    N,      kAny,   _, TailCase::kIoError},
    {9,  Place::kUnreadable, N,     _,     _,    Y,      kAny,   _, TailCase::kIoDropped},
    {9,  Place::kUnreadable, Y,     _,     _,    _,      kAny,   _, TailCase::kIoError},
    {20, Place::kNewer,      _,     _,     _,    _,      kAny,   _, TailCase::kNewer},
};
// clang-format on

}  // namespace

DirectoryCase Classify(const DirectoryFacts& facts) {
  return LineFor(kDirectoryRows, facts).result;
}
HeaderCase Classify(const HeaderFacts& facts) { return LineFor(kHeaderRows, facts).result; }
BaseCase Classify(const BaseFacts& facts) { return LineFor(kBaseRows, facts).result; }
TailCase Classify(const TailFacts& facts) { return LineFor(kTailRows, facts).result; }

int RowOf(const DirectoryFacts& facts) { return LineFor(kDirectoryRows, facts).row; }
int RowOf(const HeaderFacts& facts) { return LineFor(kHeaderRows, facts).row; }
int RowOf(const BaseFacts& facts) { return LineFor(kBaseRows, facts).row; }
int RowOf(const TailFacts& facts) { return LineFor(kTailRows, facts).row; }

TableLines LinesFor(const DirectoryFacts& facts) { return CountLines(kDirectoryRows, facts); }
TableLines LinesFor(const HeaderFacts& facts) { return CountLines(kHeaderRows, facts); }
TableLines LinesFor(const BaseFacts& facts) { return CountLines(kBaseRows, facts); }
TableLines LinesFor(const TailFacts& facts) { return CountLines(kTailRows, facts); }

Refusal RefusalFor(BaseCase base_case) {
  switch (base_case) {
    case BaseCase::kNoBase:
      return Refusal::kNoBase;
    case BaseCase::kBehindSnapshot:
      return Refusal::kLogBehindSnapshot;
    case BaseCase::kGap:
      return Refusal::kLogGap;
    case BaseCase::kForked:
      return Refusal::kForkedHistory;
    case BaseCase::kAnchor:
    case BaseCase::kOlderAnchor:
    case BaseCase::kAll:
    case BaseCase::kAllAgain:
      break;
  }
  return Refusal::kNone;
}

Refusal RefusalFor(TailCase tail_case) {
  switch (tail_case) {
    case TailCase::kLostTail:
      return Refusal::kLostTail;
    case TailCase::kCorruptAcked:
      return Refusal::kCorruptAcked;
    case TailCase::kSuspectTail:
      return Refusal::kSuspectTail;
    case TailCase::kMisdirected:
      return Refusal::kMisdirected;
    case TailCase::kChainBroken:
      return Refusal::kChainBroken;
    case TailCase::kIoError:
      return Refusal::kIoError;
    case TailCase::kTruncated:
      return Refusal::kTruncated;
    case TailCase::kNewer:
      return Refusal::kUnsupported;
    case TailCase::kBehindSnapshot:
      return Refusal::kLogBehindSnapshot;
    case TailCase::kEnd:
    case TailCase::kTorn:
    case TailCase::kTornGroup:
    case TailCase::kSuspectDropped:
    case TailCase::kWeakDropped:
    case TailCase::kStaleTail:
    case TailCase::kMisplaced:
    case TailCase::kIoDropped:
    case TailCase::kCutAtEnd:
      break;
  }
  return Refusal::kNone;
}

Verdict VerdictFor(TailCase tail_case) {
  if (RefusalFor(tail_case) != Refusal::kNone) return Verdict::kRefused;
  if (tail_case == TailCase::kEnd || tail_case == TailCase::kCutAtEnd) return Verdict::kClean;
  const bool stale = tail_case == TailCase::kStaleTail || tail_case == TailCase::kMisplaced;
  return stale ? Verdict::kStaleTail : Verdict::kTornTail;
}

std::string_view CodeFor(TailCase tail_case) {
  switch (tail_case) {
    case TailCase::kEnd:
      return "";
    case TailCase::kTorn:
    case TailCase::kTornGroup:
      return "TORN_TAIL";
    case TailCase::kSuspectDropped:
    case TailCase::kWeakDropped:
      return "SUSPECT_TAIL_DROPPED";
    case TailCase::kIoDropped:
      return "UNREADABLE_TAIL_DROPPED";
    case TailCase::kStaleTail:
      return "STALE_TAIL";
    case TailCase::kMisplaced:
      return "MISPLACED_BATCH";
    case TailCase::kCutAtEnd:
      return "SHORT_FILE";
    case TailCase::kLostTail:
    case TailCase::kCorruptAcked:
    case TailCase::kSuspectTail:
    case TailCase::kMisdirected:
    case TailCase::kChainBroken:
    case TailCase::kIoError:
    case TailCase::kTruncated:
    case TailCase::kNewer:
    case TailCase::kBehindSnapshot:
      break;
  }
  return ToString(RefusalFor(tail_case));
}

}  // namespace stet::wal
