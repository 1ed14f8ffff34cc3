// Looks a record up: by seq through headers and the index of a finished segment, else by scanning.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "stet/wal/inspect.h"
#include "wal/looking.h"
#include "wal/segment_index.h"
#include "wal/segment_walk.h"

namespace stet::wal {
namespace {

class Finder {
 public:
  Finder(Looking* looking, const FindQuery& query) : survey_(looking->survey), query_(query) {}

  absl::StatusOr<FoundRecord> Run() {
    for (size_t i = 0; i < survey_.segments.size(); ++i) {
      SurveyedSegment& segment = survey_.segments[i];
      if (!segment.active() || IsBefore(i)) continue;
      const SegmentHeader header = segment.header();
      const uint64_t limit = LimitOf(survey_, i);
      const uint64_t first = FirstBatchOffset(uint64_t{1} << header.commit_align_log2);
      uint64_t begin = first;
      if (query_.seq)
        begin = std::max(first, IndexedPlace(&segment.bytes, header, limit, *query_.seq));
      SegmentWalk walk(&segment.bytes, header, begin, limit,
                       begin == first ? std::optional(FirstChain(header)) : std::nullopt);
      while (walk.Next()) {
        if (auto found = In(segment, header, walk.piece())) return *std::move(found);
      }
    }
    return Absent();
  }

 private:
  // Whether segment `i` lies wholly before what is looked for.
  bool IsBefore(size_t i) const {
    if (query_.lsn) return survey_.segments[i].segno != SegnoOf(*query_.lsn);
    if (!query_.seq || i + 1 >= survey_.segments.size()) return false;
    const SurveyedSegment& next = survey_.segments[i + 1];
    return next.active() && next.header().first_seq <= *query_.seq;
  }

  std::optional<FoundRecord> In(const SurveyedSegment& segment, const SegmentHeader& header,
                                const Piece& piece) {
    if (!piece.valid() || piece.header.kind != BatchKind::kData) {
      if (piece.kind != Span::Kind::kZeros && piece.kind != Span::Kind::kSegmentEnd) {
        bad_ = MakeLsn(segment.segno, piece.offset);
      }
      return std::nullopt;
    }
    Widen(piece);
    RecordCursor cursor(piece.header, piece.batch, header.record_align_log2);
    while (const std::optional<RecordView> view = cursor.Next()) {
      if (!Matches(segment, header, piece, *view)) continue;
      FoundRecord found = {.seq = view->header.seq,
                           .lsn = piece.header.lsn,
                           .offset = piece.offset + view->offset,
                           .file = segment.bytes.path(),
                           .stream = view->header.stream,
                           .type = view->header.type,
                           .schema_id = view->header.schema_id,
                           .closed_ns = piece.header.closed_ns,
                           .epoch = piece.header.epoch};
      found.payload.assign(reinterpret_cast<const char*>(view->payload.data()),
                           view->payload.size());
      return found;
    }
    return std::nullopt;
  }

  bool Matches(const SurveyedSegment& segment, const SegmentHeader& header, const Piece& piece,
               const RecordView& view) const {
    if (query_.seq) return view.header.seq == *query_.seq;
    if (query_.stream) return view.header.stream == *query_.stream;
    if (query_.time_ns) return piece.header.closed_ns >= *query_.time_ns;
    const uint64_t begin = MakeLsn(segment.segno, piece.offset + view.offset);
    const uint64_t end = begin + RecordBytes(view.payload.size(), header.record_align_log2);
    const bool first = view.header.seq == piece.header.first_seq;  // the header is before it
    return *query_.lsn < end && (*query_.lsn >= begin || first) &&
           *query_.lsn >= MakeLsn(segment.segno, piece.offset);
  }

  void Widen(const Piece& piece) {
    if (first_seq_ == 0) first_seq_ = piece.header.first_seq;
    last_seq_ = std::max(last_seq_, piece.next_seq() - 1);
    last_ns_ = std::max(last_ns_, piece.header.closed_ns);
  }

  absl::Status Absent() const {
    std::string what;
    if (query_.seq) what = fmt::format("seq {}", *query_.seq);
    if (query_.lsn) what = fmt::format("record at lsn {:#x}", *query_.lsn);
    if (query_.stream) what = fmt::format("record of stream {:016x}", *query_.stream);
    if (query_.time_ns) what = "record at that time or later";
    std::string text = fmt::format("{}: no {}", survey_.directory, what);
    if (last_seq_ != 0) text += fmt::format("; searched were seq {}..{}", first_seq_, last_seq_);
    if (bad_) {
      text += fmt::format("; the bytes at lsn {:#x} do not verify: `walinspect explain {} {:#x}`",
                          *bad_, survey_.directory, *bad_);
    }
    return absl::NotFoundError(text);
  }

  Survey& survey_;
  const FindQuery& query_;
  uint64_t first_seq_ = 0;  // of what was searched
  uint64_t last_seq_ = 0;
  int64_t last_ns_ = 0;
  std::optional<uint64_t> bad_ = {};
};

}  // namespace

absl::StatusOr<FoundRecord> Find(const Options& options, const FindQuery& query) {
  const int set = int{query.seq.has_value()} + int{query.lsn.has_value()} +
                  int{query.time_ns.has_value()} + int{query.stream.has_value()};
  if (set != 1) {
    return absl::InvalidArgumentError(
        fmt::format("find: want one of seq, lsn, time and stream, got {}", set));
  }
  ASSIGN_OR_RETURN(Looking looking, LookAt(options));
  return Finder(&looking, query).Run();
}

}  // namespace stet::wal
