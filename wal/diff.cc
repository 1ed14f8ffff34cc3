// Two logs side by side: both are walked in the order of LSNs, which the same history shares.
#include <array>
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "stet/wal/inspect.h"
#include "wal/looking.h"
#include "wal/segment_walk.h"

namespace stet::wal {
namespace {

// The valid batches of a log, one after the other.
class BatchCursor {
 public:
  explicit BatchCursor(Looking* looking) : survey_(looking->survey) { Next(); }

  const Piece* batch() const { return walk_ ? &walk_->piece() : nullptr; }
  uint64_t lsn() const { return walk_->piece().header.lsn; }
  uint64_t end_lsn() const { return lsn() + walk_->piece().batch_bytes; }

  void Next() {
    for (; i_ < survey_.segments.size(); ++i_, walk_.reset()) {
      SurveyedSegment& segment = survey_.segments[i_];
      if (!segment.active()) continue;
      const SegmentHeader& header = segment.header();
      if (!walk_) {
        walk_.emplace(&segment.bytes, header,
                      FirstBatchOffset(uint64_t{1} << header.commit_align_log2),
                      LimitOf(survey_, i_), FirstChain(header));
      }
      while (walk_->Next()) {
        if (walk_->piece().valid()) return;
      }
    }
  }

 private:
  Survey& survey_;
  size_t i_ = 0;
  std::optional<SegmentWalk> walk_ = {};
};

class Comparison {
 public:
  void Both(const BatchCursor& a, const BatchCursor& b) {
    const Piece& piece = *a.batch();
    if (piece.header.batch_id == b.batch()->header.batch_id && !difference_.fork_lsn) {
      ++difference_.common_batches;
      difference_.common_last_seq = piece.next_seq() - 1;
      difference_.common_end_lsn = a.end_lsn();
      joined_ = {false, false};
      return;
    }
    if (!difference_.fork_lsn) {
      difference_.fork_lsn = a.lsn();
      difference_.fork_seq = piece.header.first_seq;
    }
    Only(0, a);
    Only(1, b);
  }

  void Only(int side, const BatchCursor& cursor) {
    difference_.equal = false;
    const Piece& piece = *cursor.batch();
    if (!joined_[static_cast<size_t>(side)]) {
      joined_[static_cast<size_t>(side)] = true;
      index_[static_cast<size_t>(side)] = difference_.only.size();
      difference_.only.push_back({.side = side, .lsn_begin = cursor.lsn()});
    }
    OnlyRange& range = difference_.only[index_[static_cast<size_t>(side)]];
    range.lsn_end = cursor.end_lsn();
    ++range.batches;
    if (piece.header.record_count == 0) return;
    if (range.first_seq == 0) range.first_seq = piece.header.first_seq;
    range.last_seq = piece.next_seq() - 1;
  }

  Difference Take() { return std::move(difference_); }

 private:
  Difference difference_;
  std::array<bool, 2> joined_ = {false, false};  // the last batch of that side was alone too
  std::array<size_t, 2> index_ = {0, 0};
};

// The identity in LOG_ID, else in the first header.
std::optional<Digest> IdentityOf(const Survey& survey) {
  if (survey.log_id_state == LogIdState::kIntact) return survey.log_id.log_uuid;
  for (const SurveyedSegment& segment : survey.segments) {
    if (segment.active()) return segment.header().log_uuid;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Difference> Diff(const Options& a, const Options& b) {
  ASSIGN_OR_RETURN(Looking first, LookAt(a));
  ASSIGN_OR_RETURN(Looking second, LookAt(b));
  Comparison comparison;
  BatchCursor left(&first);
  BatchCursor right(&second);
  while (left.batch() != nullptr || right.batch() != nullptr) {
    if (right.batch() == nullptr || (left.batch() != nullptr && left.lsn() < right.lsn())) {
      comparison.Only(0, left);
      left.Next();
    } else if (left.batch() == nullptr || right.lsn() < left.lsn()) {
      comparison.Only(1, right);
      right.Next();
    } else {
      comparison.Both(left, right);
      left.Next();
      right.Next();
    }
  }
  Difference difference = comparison.Take();
  difference.same_log = IdentityOf(first.survey) == IdentityOf(second.survey);
  return difference;
}

}  // namespace stet::wal
