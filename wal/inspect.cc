// What tools are told about segments: each by itself, so that one that is lost hides no other.
#include "stet/wal/inspect.h"

#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "stet/wal/storage.h"
#include "wal/header_finding.h"
#include "wal/looking.h"
#include "wal/segments.h"
#include "wal/survey.h"

namespace stet::wal {
namespace {

SlotInfo InfoOf(const Slots& slots, size_t i) {
  const WatermarkSlot& slot = slots.slot[i];
  if (slots.flaw[i] != Flaw::kNone) return {.flaw = std::string(ToString(slots.flaw[i]))};
  return {.valid = true,
          .slot_no = slot.slot_no,
          .durable_lsn = slot.durable_lsn,
          .durable_seq = slot.durable_seq,
          .clean_close = (slot.flags & kSlotCleanClose) != 0,
          .time_ns = slot.time_ns};
}

void FillHeader(const SegmentHeader& header, SegmentInfo* info) {
  info->segment_bytes = header.segment_bytes;
  info->epoch = header.epoch;
  info->start_reason = ToString(header.start_reason);
  info->salt = header.salt;
  info->created_ns = header.created_ns;
  info->prev_end_lsn = header.prev_end_lsn;
  info->state_digest_version = header.state_digest_version;
  info->event_level = header.event_level;
}

void FillScan(const SegmentScan& scan, SegmentInfo* info) {
  info->first_seq = scan.first_seq;
  info->last_seq = scan.first_seq == 0 ? 0 : scan.chain.next_seq - 1;
  info->first_ns = scan.first_ns;
  info->last_ns = scan.last_ns;
  info->batches = scan.batches;
  info->records = scan.records;
  info->used_bytes = scan.end;
  info->sealed = scan.sealed;
}

}  // namespace

std::string LogDirectory(const std::string& directory) {
  const absl::StatusOr<std::unique_ptr<Storage>> storage = OpenStorage(Backend::kPosix);
  if (!storage.ok()) return directory;
  const absl::StatusOr<Listing> outer = ListLog(storage->get(), directory);
  const std::string inside = PathIn(directory, "wal");
  const bool is_log = outer.ok() && (outer->log_id || !outer->segnos.empty());
  return !is_log && (*storage)->List(inside).ok() ? inside : directory;
}

absl::StatusOr<std::vector<SegmentInfo>> ListSegments(const Options& options) {
  ASSIGN_OR_RETURN(Looking looking, LookAt(options));
  Survey& survey = looking.survey;
  std::vector<SegmentInfo> infos;
  std::optional<SegmentScan> before;  // of the segment just before, if that is in use
  for (size_t i = 0; i < survey.segments.size(); ++i) {
    SurveyedSegment& segment = survey.segments[i];
    SegmentInfo info = {.file = segment.bytes.path(),
                        .segno = segment.segno,
                        .file_bytes = segment.bytes.file_bytes(),
                        .state = segment.active() ? "active" : "damaged",
                        .header = {std::string(ToString(segment.copies.flaw[0])),
                                   std::string(ToString(segment.copies.flaw[1]))},
                        .chain = "unknown"};
    const SegmentHeader* header = segment.copies.best();
    if (header != nullptr) FillHeader(*header, &info);
    if (header != nullptr && !segment.active()) info.state = "provisional";
    std::optional<SegmentScan> scan;
    if (segment.active()) {
      const Slots slots = ReadSlots(&segment.bytes, *header);
      for (size_t slot = 0; slot < info.slots.size(); ++slot) {
        info.slots[slot] = InfoOf(slots, slot);
      }
      const Chain chain = {.batch_id = header->prev_batch_id, .next_seq = header->first_seq};
      scan = ScanSegment(&segment.bytes, *header,
                         {.slots = slots, .before = chain, .limit = header->segment_bytes});
      FillScan(*scan, &info);
      if (header->prev_segno == 0) info.chain = "ok";
      if (before && survey.segments[i - 1].segno + 1 == segment.segno) {
        // Where it says that the one before it ends is what counts, not what stands behind that.
        const std::optional<Finding> conflict =
            OffsetOf(header->prev_end_lsn) < before->end
                ? std::nullopt
                : LinkConflict(segment, survey.segments[i - 1], &*before);
        info.chain = conflict ? conflict->text : "ok";
      }
    }
    before = std::move(scan);
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace stet::wal
