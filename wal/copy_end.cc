// Walks from the segment that the headers point to.
#include "wal/copy_end.h"

#include <algorithm>

#include "wal/segment_walk.h"

namespace stet::wal {
namespace {

bool Within(const Piece& piece, const CopyLimits& limits) {
  return piece.next_seq() - 1 <= limits.last_seq && piece.header.closed_ns <= limits.closed_by_ns;
}

// Where the log leaves segment `i`, as an offset in it.
uint64_t EndOf(const Survey& survey, size_t i, const CopyLimits& limits) {
  const uint64_t limit = LimitOf(survey, i);
  const bool last = survey.segments[i].segno == SegnoOf(limits.end_lsn);
  return last ? std::min(limit, OffsetOf(limits.end_lsn)) : limit;
}

// Walks on from segment `i`; nothing if none of its batches, nor any behind them, is within.
std::optional<CopyEnd> WalkFrom(Survey* survey, size_t i, const CopyLimits& limits) {
  std::optional<CopyEnd> end;
  for (; i < survey->segments.size(); ++i) {
    SurveyedSegment& segment = survey->segments[i];
    if (!segment.active() || segment.segno > SegnoOf(limits.end_lsn)) break;
    const SegmentHeader header = segment.header();
    SegmentWalk walk(&segment.bytes, header,
                     FirstBatchOffset(uint64_t{1} << header.commit_align_log2),
                     EndOf(*survey, i, limits), FirstChain(header));
    while (walk.Next()) {
      const Piece& piece = walk.piece();
      if (piece.kind == Span::Kind::kSegmentEnd) break;
      if (piece.kind != Span::Kind::kBatch || !Within(piece, limits)) return end;
      if (piece.header.record_count == 0) continue;
      end = {.segment = i, .offset = piece.offset + piece.bytes, .batch = piece.header};
    }
    segment.bytes.Release();
  }
  return end;
}

// The last segment that may hold a batch within the limits.
size_t LastCandidate(const Survey& survey, const CopyLimits& limits) {
  size_t last = 0;
  for (size_t i = 0; i < survey.segments.size(); ++i) {
    const SurveyedSegment& segment = survey.segments[i];
    if (!segment.active() || segment.segno > SegnoOf(limits.end_lsn)) break;
    if (segment.header().first_seq <= limits.last_seq) last = i;
  }
  return last;
}

}  // namespace

std::optional<CopyEnd> FindCopyEnd(Survey* survey, const CopyLimits& limits) {
  // Headers tell seqs, and only batches tell times; a wall clock may step back.
  const bool by_time = limits.closed_by_ns != INT64_MAX;
  for (size_t start = by_time ? 0 : LastCandidate(*survey, limits);; --start) {
    std::optional<CopyEnd> end = WalkFrom(survey, start, limits);
    if (end || start == 0) return end;
  }
}

}  // namespace stet::wal
