// Reads LOG_ID, all headers and slots; segments are scanned later, and only those that count.
#include "wal/survey.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace stet::wal {
namespace {

constexpr int kListedAgainMax = 8;

Copy CopyOf(const HeaderCopies& copies, size_t i) {
  if (copies.flaw[i] == Flaw::kUnsupported) return Copy::kNewer;
  if (copies.flaw[i] != Flaw::kNone) return Copy::kBad;
  return copies.header[i].state == SegmentState::kActive ? Copy::kActive : Copy::kProvisional;
}

bool IsBatchOf(Bytes block, uint64_t lsn) {
  const auto batch = Load<BatchHeader>(block);
  return Check(batch) == Flaw::kNone && batch.lsn == lsn;
}

// Looks for batches and for anything at all in a file whose header does not say what it is.
void SearchHeaderless(SurveyedSegment* segment) {
  SegmentBytes& bytes = segment->bytes;
  segment->facts.all_zero = bytes.file_bytes() >= kSegmentBytesMin;
  const uint64_t end = AlignUp(bytes.file_bytes(), kCommitAlignMin);
  for (uint64_t offset = 0; offset < end; offset += kCommitAlignMin) {
    const absl::StatusOr<Bytes> block = bytes.At(offset, kCommitAlignMin);
    if (block.ok() && AllZero(*block)) continue;
    segment->facts.all_zero = false;
    if (!block.ok() || !IsBatchOf(*block, MakeLsn(segment->segno, offset))) continue;
    segment->facts.has_batch = true;
    return;
  }
}

void ReadFacts(SurveyedSegment* segment) {
  segment->copies = ReadHeaders(&segment->bytes);
  const HeaderCopies& copies = segment->copies;
  HeaderFacts& facts = segment->facts;
  facts.a = CopyOf(copies, 0);
  facts.b = CopyOf(copies, 1);
  facts.equal = std::ranges::equal(BytesOf(copies.header[0]), BytesOf(copies.header[1]));
  const SegmentHeader* header = copies.best();
  if (header == nullptr) {
    SearchHeaderless(segment);
    return;
  }
  // In a segment that was prepared and not used, the first place is enough to look at.
  const uint64_t first = FirstBatchOffset(uint64_t{1} << header->commit_align_log2);
  const absl::StatusOr<Bytes> block = segment->bytes.At(first, kSectorBytes);
  facts.has_batch = block.ok() && IsBatchOf(*block, MakeLsn(segment->segno, first)) &&
                    Load<BatchHeader>(*block).salt == header->salt;
  if (header->state == SegmentState::kActive) {
    segment->slots = ReadSlots(&segment->bytes, *header);
  }
}

Content ContentOf(const SurveyedSegment& segment) {
  if (segment.facts.has_batch) return Content::kBatches;
  const bool active = segment.facts.a == Copy::kActive || segment.facts.b == Copy::kActive;
  return active ? Content::kActive : Content::kUnused;
}

// Errors: NotFound if one of those listed is gone by now.
absl::Status OpenSegments(Storage* storage, Survey* survey) {
  for (const uint64_t segno : survey->listing.segnos) {
    ASSIGN_OR_RETURN(SegmentBytes bytes,
                     SegmentBytes::Open(storage, PathIn(survey->directory, SegmentName(segno))));
    survey->segments.push_back(SurveyedSegment{.segno = segno, .bytes = std::move(bytes)});
    ReadFacts(&survey->segments.back());
    survey->segments.back().bytes.Release();
    survey->content = std::max(survey->content, ContentOf(survey->segments.back()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Survey> TakeSurvey(Storage* storage, const std::string& directory) {
  Survey survey;
  // Whoever writes the log may retire segments while a tool looks at it.
  for (int again = kListedAgainMax; again >= 0; --again) {
    survey = {.directory = directory};
    ASSIGN_OR_RETURN(survey.listing, ListLog(storage, directory));
    const absl::Status opened = OpenSegments(storage, &survey);
    if (!absl::IsNotFound(opened) || again == 0) {
      RETURN_IF_ERROR(opened);
      break;
    }
  }
  if (survey.listing.log_id) {
    absl::StatusOr<LogId> id = ReadLogId(storage, directory);
    survey.log_id_status = id.status();
    if (id.ok()) {
      survey.log_id = *id;
      survey.log_id_state = LogIdState::kIntact;
    } else if (absl::IsUnimplemented(id.status())) {
      survey.log_id_state = LogIdState::kNewer;
    } else {
      survey.log_id_state = LogIdState::kDamaged;
    }
  }
  bool last = true;
  for (auto it = survey.segments.rbegin(); it != survey.segments.rend(); ++it) {
    it->facts.last = last;
    it->header_case = Classify(it->facts);
    if (it->active()) last = false;
  }
  return survey;
}

}  // namespace stet::wal
