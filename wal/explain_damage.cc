// One walk collects the places that are not as they should be; then each is explained by itself.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "stet/wal/explain.h"
#include "wal/explain_batch.h"
#include "wal/looking.h"
#include "wal/segment_walk.h"

namespace stet::wal {
namespace {

class DamageFinder {
 public:
  DamageFinder(Looking* looking, size_t places_max)
      : looking_(*looking), survey_(looking->survey), places_max_(places_max) {}

  absl::StatusOr<std::vector<Explanation>> Run() {
    RETURN_IF_ERROR(CheckLogId());
    for (const std::string& name : survey_.listing.misnamed) {
      Add({.structure = "file",
           .file = PathIn(survey_.directory, name),
           .cause = Cause::kDamaged,
           .text = "ends in .wal, but is no segment's name (16 hex digits)"});
    }
    for (size_t i = 0; i < survey_.segments.size(); ++i) {
      if (i > 0) CheckNumbers(survey_.segments[i - 1].segno, survey_.segments[i].segno);
      RETURN_IF_ERROR(CheckSegment(i));
    }
    return std::move(found_);
  }

 private:
  void Add(Explanation said) {
    if (found_.size() < places_max_) found_.push_back(std::move(said));
  }

  absl::Status Explain(uint64_t lsn) {
    if (found_.size() >= places_max_) return absl::OkStatus();
    ASSIGN_OR_RETURN(Explanation said, ExplainIn(&looking_, lsn));
    const bool good = said.cause == Cause::kIntact || said.cause == Cause::kUnused;
    if (!good) Add(std::move(said));
    return absl::OkStatus();
  }

  absl::Status CheckLogId() {
    if (survey_.log_id_state == LogIdState::kIntact) return absl::OkStatus();
    if (survey_.log_id_state != LogIdState::kAbsent) return Explain(0);
    Add({.structure = "LOG_ID",
         .file = PathIn(survey_.directory, kLogIdName),
         .cause = Cause::kMissing,
         .text = "the file is not there"});
    return absl::OkStatus();
  }

  void CheckNumbers(uint64_t before, uint64_t segno) {
    for (uint64_t missing = before + 1; missing < segno && found_.size() < places_max_; ++missing) {
      Add({.structure = "segment",
           .file = PathIn(survey_.directory, SegmentName(missing)),
           .lsn = MakeLsn(missing, 0),
           .cause = Cause::kMissing,
           .promised = true,
           .text = fmt::format("the file is not there; the next one is segment {}", segno)});
    }
  }

  absl::Status CheckSegment(size_t i) {
    SurveyedSegment& segment = survey_.segments[i];
    if (segment.header_case == HeaderCase::kUnborn) return absl::OkStatus();
    const std::optional<SegmentHeader> header = HeaderFor(&segment);
    const uint64_t align =
        header ? uint64_t{1} << header->commit_align_log2 : uint64_t{kCommitAlignMin};
    // Copy A says how the segment fits into the log too, if it is intact.
    RETURN_IF_ERROR(Explain(MakeLsn(segment.segno, 0)));
    if (segment.copies.flaw[1] != Flaw::kNone) {
      RETURN_IF_ERROR(Explain(MakeLsn(segment.segno, align)));
    }
    const bool used = segment.active() || segment.copies.best() == nullptr;
    if (!header || !used) return absl::OkStatus();
    const Slots slots = ReadSlots(&segment.bytes, *header);
    for (uint64_t slot = 0; slot < 2; ++slot) {
      if (slots.flaw[slot] == Flaw::kNone || slots.flaw[slot] == Flaw::kZero) continue;
      RETURN_IF_ERROR(Explain(MakeLsn(segment.segno, (2 + slot) * align)));
    }
    for (const uint64_t lsn : BadPlaces(i, *header, align)) RETURN_IF_ERROR(Explain(lsn));
    return absl::OkStatus();
  }

  // Of all pieces that are no batch in its place; the zeros at the end are among them, since they may
  // stand where something durable was.
  std::vector<uint64_t> BadPlaces(size_t i, const SegmentHeader& header, uint64_t align) {
    SurveyedSegment& segment = survey_.segments[i];
    const bool lost = segment.copies.best() == nullptr;
    SegmentWalk walk(&segment.bytes, header, FirstBatchOffset(align),
                     lost ? header.segment_bytes : LimitOf(survey_, i),
                     lost ? std::nullopt : std::optional(FirstChain(header)));
    std::vector<uint64_t> places;
    SegmentEnd sums;
    while (walk.Next()) {
      const Piece& piece = walk.piece();
      if (!piece.valid()) {
        places.push_back(MakeLsn(segment.segno, piece.offset));
      } else if (piece.kind == Span::Kind::kSegmentEnd) {
        if (places.empty() && !lost) CheckSums(segment, piece, sums);
      } else {
        ++sums.batches;
        for (const Record& record : RecordsOf(piece, header.record_align_log2)) {
          ++sums.records;
          sums.payload_bytes += record.payload.size();
        }
      }
    }
    return places;
  }

  // A segment end that was written counts what stands before it.  One that counts nothing says nothing.
  void CheckSums(const SurveyedSegment& segment, const Piece& piece, const SegmentEnd& sums) {
    if (piece.batch.size() < kBatchHeaderBytes + sizeof(SegmentEnd)) return;
    const auto end = Load<SegmentEnd>(piece.batch.subspan(kBatchHeaderBytes));
    const bool agrees = end.records == sums.records && end.batches == sums.batches &&
                        end.payload_bytes == sums.payload_bytes;
    if (agrees || (end.records == 0 && end.batches == 0)) return;
    Add({.structure = "segment end",
         .file = segment.bytes.path(),
         .lsn = MakeLsn(segment.segno, piece.offset),
         .offset = piece.offset,
         .bytes = piece.bytes,
         .cause = Cause::kUnchained,
         .text = fmt::format("expected {} records in {} batches, {} bytes; found {} in {}, {}",
                             end.records, end.batches, end.payload_bytes, sums.records,
                             sums.batches, sums.payload_bytes)});
  }

  Looking& looking_;
  Survey& survey_;
  const size_t places_max_;
  std::vector<Explanation> found_;
};

}  // namespace

absl::StatusOr<std::vector<Explanation>> ExplainDamage(const Options& options, size_t places_max) {
  ASSIGN_OR_RETURN(Looking looking, LookAt(options));
  return DamageFinder(&looking, places_max).Run();
}

}  // namespace stet::wal
