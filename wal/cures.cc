// What is not proved is left alone: Examine judges the rest.
#include "wal/cures.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "stet/wal/explain.h"
#include "wal/explain_batch.h"
#include "wal/segment_walk.h"
#include "wal/survey.h"

namespace stet::wal {
namespace {

constexpr int kPassesMax = 3;  // a header set right lets more be seen

absl::Status FlipBack(OverlayStorage* overlay, const Explanation& said,
                      std::vector<Change>* changes) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, overlay->Open(said.file, OpenMode::kRead));
  std::array<std::byte, 1> byte = {};
  ASSIGN_OR_RETURN(const size_t got, file->Read(said.flip->offset, byte));
  if (got == 0) return absl::OkStatus();
  byte[0] ^= std::byte{static_cast<uint8_t>(1 << said.flip->bit)};
  overlay->Patch(said.file, said.flip->offset, byte);
  changes->push_back({.action = "fix_bit",
                      .file = said.file,
                      .offset = said.flip->offset,
                      .text = fmt::format("{}: bit {} set right, the digest agrees", said.structure,
                                          said.flip->bit)});
  return absl::OkStatus();
}

// The end of the batch `id` in `segment`, as an LSN; its first place if the segment continues that
// batch itself.
std::optional<uint64_t> EndOfBatch(SurveyedSegment* segment, const Digest& id) {
  const SegmentHeader header = segment->header();
  const uint64_t first = FirstBatchOffset(uint64_t{1} << header.commit_align_log2);
  if (header.prev_batch_id == id) return MakeLsn(segment->segno, first);
  SegmentWalk walk(&segment->bytes, header, first, header.segment_bytes, FirstChain(header));
  while (walk.Next()) {
    const Piece& piece = walk.piece();
    if (piece.valid() && piece.header.batch_id == id) {
      return MakeLsn(segment->segno, piece.offset + piece.batch_bytes);
    }
  }
  return std::nullopt;
}

class HeaderBuilder {
 public:
  HeaderBuilder(const Options& options, Survey* survey) : options_(options), survey_(*survey) {}

  // The header of segment `i`, of which both copies are lost; nothing if too little is left.
  std::optional<SegmentHeader> Build(size_t i) {
    SurveyedSegment& segment = survey_.segments[i];
    std::optional<SegmentHeader> header = HeaderFor(&segment);
    const SegmentHeader* near = Neighbour(i);
    if (!header) return std::nullopt;
    header->state = SegmentState::kActive;
    if (!SetIdentity(near, &*header)) return std::nullopt;
    header->inflight_bytes_max =
        near == nullptr ? options_.inflight_bytes_max : near->inflight_bytes_max;
    header->state_digest_version =
        near == nullptr ? options_.state_digest_version : near->state_digest_version;
    header->event_level = near == nullptr ? options_.event_level : near->event_level;
    if (segment.segno == 1) {
      header->start_reason = StartReason::kCreate;
      return header->first_seq == 1 ? header : std::nullopt;
    }
    if (i == 0 || survey_.segments[i - 1].segno + 1 != segment.segno) return std::nullopt;
    SurveyedSegment& before = survey_.segments[i - 1];
    if (!before.active()) return std::nullopt;
    const auto end = EndOfBatch(&before, header->prev_batch_id);
    if (!end) return std::nullopt;
    header->start_reason =
        header->epoch == before.header().epoch ? StartReason::kRotate : StartReason::kCrashRecovery;
    header->prev_segno = before.segno;
    header->prev_end_lsn = *end;
    header->prev_last_seq = header->first_seq - 1;
    header->prev_durable_lsn = *end;
    return header;
  }

 private:
  // A segment beside `i` whose header is good: before it if there is one.
  const SegmentHeader* Neighbour(size_t i) const {
    if (i > 0 && survey_.segments[i - 1].active()) return &survey_.segments[i - 1].header();
    if (i + 1 < survey_.segments.size() && survey_.segments[i + 1].active()) {
      return &survey_.segments[i + 1].header();
    }
    return nullptr;
  }

  bool SetIdentity(const SegmentHeader* near, SegmentHeader* header) const {
    if (survey_.log_id_state == LogIdState::kIntact) {
      header->log_uuid = survey_.log_id.log_uuid;
      return true;
    }
    if (near != nullptr) header->log_uuid = near->log_uuid;
    return near != nullptr;
  }

  const Options& options_;
  Survey& survey_;
};

void PutHeader(OverlayStorage* overlay, const SurveyedSegment& segment, SegmentHeader header) {
  Seal(&header);
  const std::string& path = segment.bytes.path();
  overlay->Patch(path, 0, BytesOf(header));
  overlay->Patch(path, uint64_t{1} << header.commit_align_log2, BytesOf(header));
  if (segment.bytes.file_bytes() < header.segment_bytes) {
    overlay->Resize(path, header.segment_bytes);
  }
}

}  // namespace

absl::Status CureBits(const Options& options, OverlayStorage* overlay,
                      std::vector<Change>* changes) {
  for (int pass = 0; pass < kPassesMax; ++pass) {
    ASSIGN_OR_RETURN(const std::vector<Explanation> all, ExplainDamage(options));
    bool any = false;
    for (const Explanation& said : all) {
      if (said.cause != Cause::kBitFlip) continue;
      RETURN_IF_ERROR(FlipBack(overlay, said, changes));
      any = true;
    }
    if (!any) break;
  }
  return absl::OkStatus();
}

absl::Status CureHeaders(const Options& options, OverlayStorage* overlay,
                         std::vector<Change>* changes) {
  ASSIGN_OR_RETURN(Survey survey, TakeSurvey(overlay, options.directory));
  for (size_t i = 0; i < survey.segments.size(); ++i) {
    const SurveyedSegment& segment = survey.segments[i];
    Change change = {.action = "header", .file = segment.bytes.path()};
    const std::array<Flaw, 2>& flaw = segment.copies.flaw;
    if (segment.header_case == HeaderCase::kHeal &&
        (flaw[0] == Flaw::kNone) != (flaw[1] == Flaw::kNone)) {
      PutHeader(overlay, segment, segment.header());
      change.text =
          fmt::format("copy {} written again from the other", flaw[0] == Flaw::kNone ? "B" : "A");
      changes->push_back(std::move(change));
    } else if (segment.header_case == HeaderCase::kLost) {
      const std::optional<SegmentHeader> built = HeaderBuilder(options, &survey).Build(i);
      if (!built) continue;
      PutHeader(overlay, segment, *built);
      change.text = fmt::format("both copies rebuilt: segment {}, epoch {}, from seq {}",
                                built->segno, built->epoch, built->first_seq);
      changes->push_back(std::move(change));
      // The next one may continue this one.
      ASSIGN_OR_RETURN(survey, TakeSurvey(overlay, options.directory));
    }
  }
  return absl::OkStatus();
}

absl::Status CureLogId(const Options& options, OverlayStorage* overlay,
                       std::vector<Change>* changes) {
  ASSIGN_OR_RETURN(const Survey survey, TakeSurvey(overlay, options.directory));
  const bool bad =
      survey.log_id_state == LogIdState::kAbsent || survey.log_id_state == LogIdState::kDamaged;
  if (!bad) return absl::OkStatus();
  std::optional<LogId> id;
  for (const SurveyedSegment& segment : survey.segments) {
    if (!segment.active()) continue;
    const SegmentHeader& header = segment.header();
    if (!id) id = LogId{.log_uuid = header.log_uuid, .created_ns = header.created_ns};
    if (id->log_uuid != header.log_uuid) return absl::OkStatus();
  }
  if (!id) return absl::OkStatus();
  Seal(&*id);
  const std::string path = PathIn(options.directory, kLogIdName);
  overlay->Add(path, sizeof(LogId));
  overlay->Patch(path, 0, BytesOf(*id));
  changes->push_back({.action = "log_id",
                      .file = path,
                      .text = fmt::format("written again: log {}, as all headers name it",
                                          ToString(id->log_uuid))});
  return absl::OkStatus();
}

}  // namespace stet::wal
