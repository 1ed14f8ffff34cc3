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
int CountMatches(const Row (&rows)[kRows], const Facts& facts) {
  return static_cast<int>(std::count_if(std::begin(rows), std::end(rows),
                                        [&](const Row& row) { return Matches(row, facts); }));
}

template <typename Row, size_t kRows, typename Facts>
auto CaseOf(const Row (&rows)[kRows], const Facts& facts) {
  const Row* row = std::find_if(std::begin(rows), std::end(rows),
                                [&](const Row& candidate) { return Matches(candidate, facts); });
  assert(row != std::end(rows));
  return row->result;
}

// --- The directory ------------------------------------------------------------------------------

struct DirectoryRow {
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
    {kIntact, Bit(Content::kActive) | kBatches,                 _, DirectoryCase::kGoOn},
    // 30, 17.  LOG_ID is written when segment 1 is active and durable, so a crash leaves no LOG_ID
    // without it: the segments were lost, or this is the mount point of a disk that is not there.
    {kIntact, Bit(Content::kNothing) | Bit(Content::kUnused),   _, DirectoryCase::kLogMissing},
    // 31.  A new directory, or a crash between the first file and LOG_ID: no batch precedes LOG_ID.
    {kAbsent, kNoBatch,                                         Y, DirectoryCase::kUnborn},
    {kAbsent, kNoBatch,                                         N, DirectoryCase::kNotALog},
    // Batches without LOG_ID: it was deleted, or the files were copied without it.
    {kAbsent, kBatches,                                         _, DirectoryCase::kNoLogId},
    // LOG_ID appears whole by its rename: a damaged one is bit rot.
    {Bit(LogIdState::kDamaged), kAny,                           _, DirectoryCase::kNoLogId},
    {Bit(LogIdState::kNewer), kAny,                             _, DirectoryCase::kNewer},
};
// clang-format on

// --- One segment's header -----------------------------------------------------------------------

struct HeaderRow {
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
    // copy A      copy B               equal batch zero last
    // The normal case.
    {kAct,        kAct,                 Y,    _,    _,   _, HeaderCase::kUse},
    // Both copies are one write: two that are valid and differ were not written by one writer.
    {kAct,        kAct,                 N,    _,    _,   _, HeaderCase::kDisagree},
    // 12.  A flipped bit in one copy, or an unreadable block.
    // 15.  The crash came while both copies were being activated, and one sector was written.
    {kAct,        kPro | kBad,          _,    _,    _,   _, HeaderCase::kHeal},
    {kPro | kBad, kAct,                 _,    _,    _,   _, HeaderCase::kHeal},
    // Prepared ahead, and never activated.
    {kPro,        kPro,                 Y,    N,    _,   _, HeaderCase::kReady},
    {kPro,        kPro,                 N,    N,    _,   _, HeaderCase::kDisagree},
    {kPro,        kBad,                 _,    N,    _,   _, HeaderCase::kReadyHealed},
    {kBad,        kPro,                 _,    N,    _,   _, HeaderCase::kReadyHealed},
    // Activation is durable before the first batch: it was lost afterwards.
    {kPro,        kPro | kBad,          _,    Y,    _,   _, HeaderCase::kLost},
    {kBad,        kPro,                 _,    Y,    _,   _, HeaderCase::kLost},
    // 13.  Both copies damaged.
    {kBad,        kBad,                 _,    Y,    _,   _, HeaderCase::kLost},
    {kBad,        kBad,                 _,    N,    N,   _, HeaderCase::kLost},
    {kBad,        kBad,                 _,    N,    Y,   N, HeaderCase::kLost},
    // 14.  A last file of zeros: it got its name, and nothing else.
    {kBad,        kBad,                 _,    N,    Y,   Y, HeaderCase::kUnborn},
    // 20.
    {kNew,        kAny,                 _,    _,    _,   _, HeaderCase::kNewer},
    {kAct | kPro | kBad, kNew,          _,    _,    _,   _, HeaderCase::kNewer},
};
// clang-format on

// --- The place P where a segment's batches end --------------------------------------------------

struct TailRow {
  Place place;
  Ask beyond;
  Ask behind;
  Ask stale_fill;
  Ask lenient;
  Ask cut;
  TailCase result;
};
bool Matches(const TailRow& row, const TailFacts& facts) {
  return row.place == facts.place && Fits(row.beyond, facts.beyond) &&
         Fits(row.behind, facts.behind) && Fits(row.stale_fill, facts.stale_fill) &&
         Fits(row.lenient, facts.lenient) && Fits(row.cut, facts.cut);
}

// clang-format off
constexpr TailRow kTailRows[] = {
    //                   beyond behind stale lenient cut
    // 1.  The log ends here, and always did.  Or: it was longer, and its last blocks are gone (a lost
    // write, a trim, an old image of the disk); the watermark knows.
    {Place::kZeros,      N,     _,     _,    _,      N, TailCase::kEnd},
    {Place::kZeros,      Y,     _,     _,    _,      N, TailCase::kLostTail},
    // 10.  A copy without the zeros at its end loses nothing.
    {Place::kZeros,      N,     _,     _,    _,      Y, TailCase::kCutAtEnd},
    {Place::kZeros,      Y,     _,     _,    _,      Y, TailCase::kTruncated},
    // 2.  The crash came while this batch was being written: some of its sectors still show the zeros
    // of the fresh segment.  Had it been durable, all of them would be there.
    {Place::kTorn,       N,     N,     _,    _,      _, TailCase::kTorn},
    // 3.  Several batches were in flight and a later one arrived first.  Acknowledgement is in order,
    // so none of them was acknowledged.
    {Place::kTorn,       N,     Y,     _,    _,      _, TailCase::kTornGroup},
    {Place::kTorn,       Y,     _,     _,    _,      N, TailCase::kCorruptAcked},
    {Place::kTorn,       Y,     _,     _,    _,      Y, TailCase::kTruncated},
    // 4.  Every sector was written, and the bytes are not those that were sealed: bit rot, or a disk
    // that tears inside a sector.  It may have been acknowledged, so it is not dropped unasked;
    // neither if batches stand behind it.
    {Place::kDamaged,    N,     _,     N,    N,      _, TailCase::kSuspectTail},
    {Place::kDamaged,    N,     _,     N,    Y,      _, TailCase::kSuspectDropped},
    // 5.  In a segment that was not zeroed, old bytes fill the holes of a torn batch: the two cannot be
    // told apart, which is the price of not zeroing.
    {Place::kDamaged,    N,     _,     Y,    _,      _, TailCase::kWeakDropped},
    {Place::kDamaged,    Y,     _,     _,    _,      _, TailCase::kCorruptAcked},
    // 6.  A batch of an older use of the file: this place was not written since.
    {Place::kStale,      N,     _,     _,    _,      _, TailCase::kStaleTail},
    {Place::kStale,      Y,     _,     _,    _,      _, TailCase::kLostTail},
    // 7.  The drive put a batch at the wrong place.  If nothing durable was here, nothing is lost.
    {Place::kMisplaced,  N,     _,     _,    _,      _, TailCase::kMisplaced},
    {Place::kMisplaced,  Y,     _,     _,    _,      _, TailCase::kMisdirected},
    // 8.  Batches are written in order, each naming the one before it: an intact one that does not
    // continue the chain is no work of a crash.
    {Place::kUnchained,  _,     _,     _,    _,      _, TailCase::kChainBroken},
    // 9.  What cannot be read may have been acknowledged.
    {Place::kUnreadable, N,     _,     _,    N,      _, TailCase::kIoError},
    {Place::kUnreadable, N,     _,     _,    Y,      _, TailCase::kIoDropped},
    {Place::kUnreadable, Y,     _,     _,    _,      _, TailCase::kIoError},
    // 20.
    {Place::kNewer,      _,     _,     _,    _,      _, TailCase::kNewer},
};
// clang-format on

}  // namespace

DirectoryCase Classify(const DirectoryFacts& facts) { return CaseOf(kDirectoryRows, facts); }
int RowsThatMatch(const DirectoryFacts& facts) { return CountMatches(kDirectoryRows, facts); }

HeaderCase Classify(const HeaderFacts& facts) { return CaseOf(kHeaderRows, facts); }
int RowsThatMatch(const HeaderFacts& facts) { return CountMatches(kHeaderRows, facts); }

TailCase Classify(const TailFacts& facts) { return CaseOf(kTailRows, facts); }
int RowsThatMatch(const TailFacts& facts) { return CountMatches(kTailRows, facts); }

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
      break;
  }
  return ToString(RefusalFor(tail_case));
}

}  // namespace stet::wal
