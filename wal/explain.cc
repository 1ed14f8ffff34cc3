// Finds the structure at a place, and says what is wrong with it.
#include "stet/wal/explain.h"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "wal/bit_flip.h"
#include "wal/explain_batch.h"
#include "wal/explain_fields.h"
#include "wal/looking.h"
#include "wal/segment_walk.h"

namespace stet::wal {
namespace {

Cause CauseOf(Flaw flaw) {
  switch (flaw) {
    case Flaw::kNone:
      return Cause::kIntact;
    case Flaw::kZero:
      return Cause::kZeros;
    case Flaw::kUnsupported:
      return Cause::kNewer;
    case Flaw::kUnreadable:
      return Cause::kUnreadable;
    case Flaw::kMagic:
    case Flaw::kDigest:
    case Flaw::kReserved:
    case Flaw::kValue:
    case Flaw::kBody:
    case Flaw::kRecord:
      return Cause::kDamaged;
  }
  return Cause::kDamaged;
}

// One flipped bit that explains a structure, with the text and the difference that it makes.
void ApplyFlip(const std::optional<BitFlip>& flip, Bytes found, Explanation* said) {
  if (!flip) return;
  said->cause = Cause::kBitFlip;
  said->flip = FlippedBit{.offset = said->offset + flip->offset, .bit = flip->bit};
  said->text =
      fmt::format("bit {} of the byte at offset {} is flipped: with it set right the digest agrees",
                  flip->bit, said->flip->offset);
  std::vector<std::byte> right(found.begin(), found.end());
  right[flip->offset] ^= std::byte{static_cast<uint8_t>(1 << flip->bit)};
  said->differences = DifferencesOf(found, right, said->offset);
}

Explanation ExplainCopy(Looking* looking, size_t i, size_t copy) {
  Survey& survey = looking->survey;
  SurveyedSegment& segment = survey.segments[i];
  const Flaw flaw = segment.copies.flaw[copy];
  const Flaw other_flaw = segment.copies.flaw[1 - copy];
  const SegmentHeader& header = segment.copies.header[copy];
  const SegmentHeader& other = segment.copies.header[1 - copy];
  const SegmentHeader* best = segment.copies.best();
  const uint64_t align = best == nullptr ? kCommitAlignMin : uint64_t{1} << best->commit_align_log2;
  Explanation said = {.structure = copy == 0 ? "segment header copy A" : "segment header copy B",
                      .file = segment.bytes.path(),
                      .lsn = MakeLsn(segment.segno, copy * align),
                      .offset = copy * align,
                      .bytes = sizeof(SegmentHeader),
                      .cause = CauseOf(flaw),
                      .spare = flaw != Flaw::kNone && other_flaw == Flaw::kNone,
                      .text = flaw == Flaw::kNone ? "" : std::string(ToString(flaw))};
  HeaderExpectation expectation = {.segno = segment.segno,
                                   .file_bytes = segment.bytes.file_bytes()};
  if (survey.log_id_state == LogIdState::kIntact) expectation.log_uuid = survey.log_id.log_uuid;
  if (flaw != Flaw::kNone && other_flaw == Flaw::kNone) expectation.other = &other;
  std::optional<SegmentScan> before;
  if (i > 0 && survey.segments[i - 1].active() && flaw == Flaw::kNone &&
      header.state == SegmentState::kActive && survey.segments[i - 1].segno + 1 == segment.segno) {
    SurveyedSegment& previous = survey.segments[i - 1];
    const SegmentHeader previous_header = previous.header();
    before = ScanSegment(&previous.bytes, previous_header,
                         {.slots = ReadSlots(&previous.bytes, previous_header),
                          .before = FirstChain(previous_header),
                          .limit = LimitOf(survey, i - 1)});
    // Damage in the segment before is not the fault of this header.
    if (before->end >= OffsetOf(header.prev_end_lsn)) expectation.before = &*before;
  }
  said.fields = FieldsOf(header, said.offset, expectation);
  const Bytes found = BytesOf(header);
  if (said.cause == Cause::kDamaged) ApplyFlip(FindHeaderFlip(found), found, &said);
  if (expectation.other != nullptr && said.differences.empty() && flaw != Flaw::kUnreadable) {
    said.differences = DifferencesOf(found, BytesOf(other), said.offset);
    said.text += fmt::format("; copy {} is valid and counts", copy == 0 ? "B" : "A");
  }
  if (flaw != Flaw::kNone) return said;
  if (IsForeign(survey, segment)) {
    said.cause = Cause::kForeign;
    said.text = fmt::format("it is of log {}, this is log {}", ToString(header.log_uuid),
                            ToString(survey.log_id.log_uuid));
  } else if (header.segno != segment.segno) {
    said.cause = Cause::kMisdirected;
    said.from_lsn = MakeLsn(header.segno, said.offset);
    said.text = fmt::format("it is the header of segment {}", header.segno);
  } else {
    for (const Field& field : said.fields) {
      if (field.ok || field.name == "segment_bytes") continue;
      said.cause = Cause::kUnchained;
      said.text = fmt::format("{}: expected {}, found {}", field.name, field.expected, field.found);
    }
  }
  return said;
}

Explanation ExplainSlot(SurveyedSegment* segment, const SegmentHeader& header, size_t position) {
  const uint64_t align = uint64_t{1} << header.commit_align_log2;
  Explanation said = {.structure = fmt::format("watermark slot {}", position),
                      .file = segment->bytes.path(),
                      .lsn = MakeLsn(segment->segno, (2 + position) * align),
                      .offset = (2 + position) * align,
                      .bytes = sizeof(WatermarkSlot),
                      .spare = true};
  const absl::StatusOr<Bytes> read = segment->bytes.At(said.offset, sizeof(WatermarkSlot));
  if (!read.ok()) {
    said.cause = Cause::kUnreadable;
    said.text = std::string(read.status().message());
    return said;
  }
  const auto slot = Load<WatermarkSlot>(*read);
  const Flaw flaw = Check(slot);
  said.fields = FieldsOf(slot, said.offset, header, position);
  said.cause = flaw == Flaw::kZero ? Cause::kUnused : CauseOf(flaw);
  if (flaw != Flaw::kNone) said.text = std::string(ToString(flaw));
  if (flaw == Flaw::kZero) said.text = "this slot was never written";
  if (said.cause == Cause::kDamaged) ApplyFlip(FindSlotFlip(*read), BytesOf(slot), &said);
  if (flaw != Flaw::kNone) return said;
  if (slot.salt != header.salt) {
    said.cause = Cause::kStale;
    said.text = fmt::format("expected salt {:016x}, found {:016x}", header.salt, slot.salt);
  } else if (slot.slot_no % 2 != position || SegnoOf(slot.durable_lsn) != header.segno) {
    said.cause = Cause::kMisdirected;
    said.from_lsn = MakeLsn(SegnoOf(slot.durable_lsn), (2 + slot.slot_no % 2) * align);
    said.text = fmt::format("it belongs into position {} of segment {}", slot.slot_no % 2,
                            SegnoOf(slot.durable_lsn));
  }
  return said;
}

absl::StatusOr<Explanation> ExplainLogId(const Looking& looking) {
  const std::string path = PathIn(looking.survey.directory, kLogIdName);
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, looking.storage->Open(path, OpenMode::kRead));
  std::array<std::byte, sizeof(LogId)> bytes = {};
  ASSIGN_OR_RETURN(const size_t got, file->Read(0, bytes));
  const auto id = Load<LogId>(bytes);
  const Flaw flaw = Check(id);
  Explanation said = {.structure = "LOG_ID",
                      .file = path,
                      .bytes = sizeof(LogId),
                      .cause = CauseOf(flaw),
                      .fields = FieldsOf(id)};
  if (flaw != Flaw::kNone) said.text = std::string(ToString(flaw));
  if (said.cause == Cause::kDamaged) ApplyFlip(FindLogIdFlip(bytes), bytes, &said);
  if (got < sizeof(LogId)) {
    said.cause = Cause::kMissing;
    said.text = fmt::format("the file has {} bytes of {}", got, sizeof(LogId));
  }
  return said;
}

// The place of `seq` in a batch with an intact header: of its record if that can be reached, else of
// the batch.
uint64_t PlaceOf(const Piece& piece, uint64_t segno, uint64_t seq, uint32_t record_align_log2) {
  RecordCursor cursor(piece.header, piece.batch, record_align_log2);
  uint64_t end = kBatchHeaderBytes;
  while (const std::optional<RecordView> view = cursor.Next()) {
    if (view->header.seq == seq) return MakeLsn(segno, piece.offset + view->offset);
    end = view->offset + RecordBytes(view->header.payload_bytes, record_align_log2);
  }
  const bool next = cursor.next_seq() == seq && !piece.batch.empty();
  return MakeLsn(segno, piece.offset + (next ? end : 0));
}

}  // namespace

std::string_view ToString(Cause cause) {
  constexpr std::array<std::string_view, 14> kNames = {
      "intact",  "unused",    "zeros", "torn",       "bit_flip", "stale", "misdirected",
      "foreign", "unchained", "newer", "unreadable", "missing",  "dead",  "damaged"};
  static_assert(kNames.size() == static_cast<size_t>(Cause::kDamaged) + 1);
  return kNames[static_cast<size_t>(cause)];
}

absl::StatusOr<Explanation> ExplainIn(Looking* looking, uint64_t lsn) {
  if (SegnoOf(lsn) == 0) return ExplainLogId(*looking);
  std::vector<SurveyedSegment>& segments = looking->survey.segments;
  if (segments.empty()) {
    return absl::NotFoundError(fmt::format("{}: no segments", looking->survey.directory));
  }
  size_t i = 0;
  while (i < segments.size() && segments[i].segno != SegnoOf(lsn)) ++i;
  if (i == segments.size()) {
    return absl::NotFoundError(fmt::format("lsn {:#x} is in segment {}; here are {} to {}", lsn,
                                           SegnoOf(lsn), segments.front().segno,
                                           segments.back().segno));
  }
  SurveyedSegment& segment = segments[i];
  const std::optional<SegmentHeader> header = HeaderFor(&segment);
  const uint64_t align =
      header ? uint64_t{1} << header->commit_align_log2 : uint64_t{kCommitAlignMin};
  const uint64_t offset = OffsetOf(lsn);
  const uint64_t end = header ? header->segment_bytes : segment.bytes.file_bytes();
  if (offset >= end) {
    return absl::OutOfRangeError(
        fmt::format("lsn {:#x} is at offset {} of segment {}, which ends at {}", lsn, offset,
                    segment.segno, end));
  }
  const uint64_t block = offset / align;
  if (block < 2) return ExplainCopy(looking, i, block);
  if (!header) {
    return absl::NotFoundError(fmt::format(
        "{}: no header copy and no batch is intact, so nothing says what stands at offset {}",
        segment.bytes.path(), offset));
  }
  if (block < kHeaderBlocks) return ExplainSlot(&segment, *header, block - 2);
  return ExplainBatchAt(looking, i, *header, offset);
}

absl::StatusOr<Explanation> Explain(const Options& options, uint64_t lsn) {
  ASSIGN_OR_RETURN(Looking looking, LookAt(options));
  return ExplainIn(&looking, lsn);
}

absl::StatusOr<Explanation> ExplainSeq(const Options& options, uint64_t seq) {
  ASSIGN_OR_RETURN(Looking looking, LookAt(options));
  uint64_t last = 0;                 // highest seq seen before it
  std::optional<uint64_t> bad = {};  // the bad place that may hold it
  std::optional<uint64_t> place = {};
  for (SurveyedSegment& segment : looking.survey.segments) {
    const std::optional<SegmentHeader> header = HeaderFor(&segment);
    if (!header) continue;
    SegmentWalk walk(&segment.bytes, *header,
                     FirstBatchOffset(uint64_t{1} << header->commit_align_log2),
                     header->segment_bytes, FirstChain(*header));
    while (!place && walk.Next()) {
      const Piece& piece = walk.piece();
      const uint64_t lsn = MakeLsn(segment.segno, piece.offset);
      const bool here = piece.intact() && piece.kind != Span::Kind::kStale &&
                        piece.kind != Span::Kind::kMisplaced;
      if (here && piece.header.first_seq <= seq && seq < piece.next_seq()) {
        place = PlaceOf(piece, segment.segno, seq, header->record_align_log2);
      } else if (here && piece.header.first_seq <= seq) {
        last = piece.next_seq() - 1;
        bad.reset();
      } else if (here) {
        if (bad) place = bad;
      } else if (piece.kind != Span::Kind::kZeros && !bad) {
        bad = lsn;
      }
    }
    if (place) break;
  }
  if (!place) place = bad;
  if (place) return ExplainIn(&looking, *place);
  return absl::NotFoundError(fmt::format("{}: no batch holds seq {}; the highest before it is {}",
                                         looking.survey.directory, seq, last));
}

}  // namespace stet::wal
