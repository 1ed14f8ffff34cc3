// A walk over all segments, each by itself, so that one that is lost hides no other.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "stet/wal/inspect.h"
#include "stet/wal/storage.h"
#include "wal/looking.h"
#include "wal/segment_walk.h"
#include "wal/survey.h"

namespace stet::wal {

class Scanner::Impl {
 public:
  explicit Impl(Looking looking) : looking_(std::move(looking)) {}

  bool Next() {
    Survey& survey = looking_.survey;
    for (; segment_ < survey.segments.size(); ++segment_, walk_.reset()) {
      SurveyedSegment& segment = survey.segments[segment_];
      if (segment.copies.best() == nullptr) {
        ShowLost(segment);
        ++segment_;
        return true;
      }
      if (!segment.active()) continue;
      if (!walk_) {
        const SegmentHeader& header = segment.header();
        walk_.emplace(&segment.bytes, header,
                      FirstBatchOffset(uint64_t{1} << header.commit_align_log2),
                      LimitOf(survey, segment_), FirstChain(header));
      }
      if (walk_->Next()) {
        Show(segment, walk_->piece());
        return true;
      }
    }
    return false;
  }

  Span span = {};

 private:
  void ShowLost(const SurveyedSegment& segment) {
    span = Span{.kind = Span::Kind::kHeaderLost,
                .file = segment.bytes.path(),
                .begin_lsn = MakeLsn(segment.segno, 0),
                .bytes = std::max<uint64_t>(segment.bytes.file_bytes(), 1),
                .text = "both copies of the header are unusable"};
  }

  void Show(const SurveyedSegment& segment, const Piece& piece) {
    span = Span{.kind = piece.kind,
                .file = segment.bytes.path(),
                .begin_lsn = MakeLsn(segment.segno, piece.offset),
                .bytes = piece.bytes,
                .text = piece.text};
    if (!piece.intact()) return;
    span.batch = InfoOf(piece);
    span.records = RecordsOf(piece, segment.header().record_align_log2);
  }

  Looking looking_;
  size_t segment_ = 0;
  std::optional<SegmentWalk> walk_ = {};
};

absl::StatusOr<Scanner> Scanner::Open(const Options& options) {
  ASSIGN_OR_RETURN(Looking looking, LookAt(options));
  return Scanner(std::make_unique<Impl>(std::move(looking)));
}

Scanner::Scanner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Scanner::Scanner(Scanner&&) noexcept = default;
Scanner& Scanner::operator=(Scanner&&) noexcept = default;
Scanner::~Scanner() = default;

bool Scanner::Next() { return impl_->Next(); }
const Span& Scanner::span() const { return impl_->span; }

std::string_view ToString(Span::Kind kind) {
  constexpr std::array<std::string_view, 11> kNames = {
      "batch", "segment_end", "detached",  "zeros",      "torn",       "damaged",
      "stale", "misplaced",   "unchained", "unreadable", "header_lost"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace stet::wal
