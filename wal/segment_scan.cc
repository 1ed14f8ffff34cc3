// The scan: batches in order up to the first place P that does not hold the next one, then a search
// behind P for whatever proves how far the segment was durable.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wal/segment_reader.h"

namespace stet::wal {
namespace {

// Fills a SegmentScan.
class Scan {
 public:
  Scan(SegmentBytes* bytes, const SegmentHeader& header, const ScanInput& input)
      : bytes_(*bytes),
        header_(header),
        slots_(input.slots),
        anchors_(input.anchors),
        align_(uint64_t{1} << header.commit_align_log2) {
    scan_.end = FirstBatchOffset(align_);
    scan_.chain = input.before;
    scan_.durable_lsn = MakeLsn(header.segno, scan_.end);
    scan_.witness = "the segment's header";
    CompareSlots();
  }

  SegmentScan Run(uint64_t limit) {
    while (scan_.end + align_ <= limit && !scan_.sealed) {
      scan_.at_end = JudgeAt(&bytes_, header_, scan_.end, &scan_.chain);
      if (scan_.at_end.place != Place::kValid) break;
      Accept(scan_.at_end);
    }
    if (scan_.at_end.place == Place::kValid) scan_.at_end = Judgement{};
    scan_.at_end.batch = {};
    scan_.used_end = scan_.end;
    if (scan_.end < limit) SearchBehind();
    CheckSlots();
    CheckAnchors();
    NameDurableSeq();
    return std::move(scan_);
  }

 private:
  void Witness(uint64_t lsn, uint64_t seq, const std::string& who) {
    if (lsn == scan_.durable_lsn && scan_.durable_seq == 0) scan_.durable_seq = seq;
    if (lsn <= scan_.durable_lsn) return;
    scan_.durable_lsn = lsn;
    scan_.durable_seq = seq;
    scan_.witness = who;
  }

  // The promises that an intact batch header makes: what its writer knew to be durable, and that no
  // more than the window was in flight.
  void WitnessOf(const BatchHeader& batch, uint64_t bytes) {
    const auto who = [&] { return fmt::format("the batch at lsn {:#x}", batch.lsn); };
    if (batch.durable_lsn > scan_.durable_lsn) Witness(batch.durable_lsn, 0, who());
    const uint64_t end = batch.lsn + bytes;
    if (end > scan_.durable_lsn + header_.inflight_bytes_max) {
      Witness(end - header_.inflight_bytes_max, 0, who() + " and the window");
    }
  }

  void Accept(const Judgement& judgement) {
    const BatchHeader& batch = judgement.header;
    WitnessOf(batch, judgement.bytes);
    if (scan_.batches == 0) scan_.first_ns = batch.closed_ns;
    scan_.last_ns = batch.closed_ns;
    if (batch.record_count > 0 && scan_.first_seq == 0) scan_.first_seq = batch.first_seq;
    ++scan_.batches;
    scan_.records += batch.record_count;
    scan_.chain = {
        .batch_id = batch.batch_id,
        .batch_lsn = batch.lsn,
        .next_seq = batch.first_seq + batch.record_count,
        .state_digest = batch.state_digest != 0 ? batch.state_digest : scan_.chain.state_digest};
    scan_.end += judgement.bytes;
    if (batch.kind == BatchKind::kSegmentEnd && batch.body_bytes >= sizeof(SegmentEnd)) {
      scan_.sealed = true;
      scan_.seal = Load<SegmentEnd>(judgement.batch.subspan(kBatchHeaderBytes));
    }
    CompareSlots();
    CompareAnchors(batch);
  }

  // An anchor that names the place reached must name the batch that ends there, and a record in it.
  void CompareAnchors(const BatchHeader& batch) {
    const uint64_t end_lsn = MakeLsn(header_.segno, scan_.end);
    for (const Anchor& anchor : anchors_) {
      if (anchor.lsn != end_lsn) continue;
      ++anchors_seen_;
      const uint64_t last_seq = scan_.chain.next_seq - 1;
      const uint64_t first_seq = std::min(batch.first_seq, last_seq);
      if (DigestOf(anchor.batch_id) == batch.batch_id && anchor.seq >= first_seq &&
          anchor.seq <= last_seq) {
        continue;
      }
      scan_.anchor_conflict = fmt::format(
          "the anchor at seq {} names batch {} at lsn {:#x}, there ends batch {} with seq {} to {}",
          anchor.seq, ToString(anchor.batch_id), anchor.lsn, ToString(batch.batch_id), first_seq,
          last_seq);
    }
  }

  void CheckAnchors() {
    const uint64_t end_lsn = MakeLsn(header_.segno, scan_.end);
    const auto passed = std::count_if(anchors_.begin(), anchors_.end(), [&](const Anchor& anchor) {
      return SegnoOf(anchor.lsn) == header_.segno && anchor.lsn <= end_lsn;
    });
    if (passed == anchors_seen_ || !scan_.anchor_conflict.empty()) return;
    scan_.anchor_conflict = "an anchor names a place where no batch ends";
  }

  // A slot that names the place reached must name the batch that ends there.
  void CompareSlots() {
    for (size_t i = 0; i < slots_.slot.size(); ++i) {
      const WatermarkSlot& slot = slots_.slot[i];
      if (slots_.flaw[i] != Flaw::kNone) continue;
      if (slot.durable_lsn != MakeLsn(header_.segno, scan_.end)) continue;
      slot_seen_[i] = true;
      if (slot.batch_id != scan_.chain.batch_id || slot.durable_seq != scan_.chain.next_seq - 1) {
        SlotConflict(22, fmt::format("slot {} names batch {} with last seq {} at lsn {:#x}, there "
                                     "ends batch {} with last seq {}",
                                     slot.slot_no, ToString(slot.batch_id), slot.durable_seq,
                                     slot.durable_lsn, ToString(scan_.chain.batch_id),
                                     scan_.chain.next_seq - 1));
      }
    }
  }

  void SlotConflict(int row, std::string text) {
    scan_.slot_conflict_row = row;
    scan_.slot_conflict = std::move(text);
  }

  void CheckSlots() {
    const uint64_t end_lsn = MakeLsn(header_.segno, scan_.end);
    for (size_t i = 0; i < slots_.slot.size(); ++i) {
      const WatermarkSlot& slot = slots_.slot[i];
      if (slots_.flaw[i] != Flaw::kNone) continue;
      Witness(slot.durable_lsn, slot.durable_seq, fmt::format("watermark slot {}", slot.slot_no));
      if (slot.durable_lsn < end_lsn && !slot_seen_[i]) {
        SlotConflict(22, fmt::format("slot {} names lsn {:#x}, where no batch ends", slot.slot_no,
                                     slot.durable_lsn));
      }
      if (slot.durable_lsn < end_lsn && (slot.flags & kSlotCleanClose) != 0) {
        SlotConflict(23, fmt::format("slot {} says that the log was closed at lsn {:#x}, but "
                                     "batches follow",
                                     slot.slot_no, slot.durable_lsn));
      }
    }
  }

  // If no slot told the last durable seq, the batch that ends at or before W does.
  void NameDurableSeq() {
    if (scan_.durable_seq != 0) return;
    for (const auto& [end_lsn, last_seq] : behind_) {
      if (end_lsn <= scan_.durable_lsn) scan_.durable_seq = last_seq;
    }
  }

  void SearchBehind() {
    const uint64_t end = std::min(header_.segment_bytes, AlignUp(bytes_.file_bytes(), align_));
    for (uint64_t offset = scan_.end; offset < end; offset += align_) {
      const absl::StatusOr<Bytes> read = bytes_.At(offset, align_);
      if (!read.ok()) {
        if (scan_.unreadable.ok()) scan_.unreadable = read.status();
        scan_.used_end = offset + align_;
        continue;
      }
      if (AllZero(*read)) continue;
      scan_.used_end = offset + align_;
      const auto batch = Load<BatchHeader>(*read);
      if (Check(batch) != Flaw::kNone || batch.salt != header_.salt) continue;
      // The header alone is evidence: it was sealed after all that it names was durable.  Also where it
      // does not belong: a drive that put it over the batch it names must not hide that one's loss.
      WitnessOf(batch, BatchBytes(batch.body_bytes, align_));
      if (batch.lsn != MakeLsn(header_.segno, offset)) continue;
      const uint64_t last_seq = batch.first_seq + batch.record_count - 1;
      behind_.push_back({batch.lsn + BatchBytes(batch.body_bytes, align_), last_seq});
      scan_.in_flight_seq = std::max(scan_.in_flight_seq, last_seq);
      ++scan_.in_flight_count;
      if (offset == scan_.end) continue;
      if (scan_.behind_count++ == 0) {
        scan_.behind_lsn = batch.lsn;
        scan_.behind_seq = batch.first_seq;
      }
    }
    if (scan_.at_end.place == Place::kZeros && scan_.used_end > scan_.end) {
      scan_.at_end.place = Place::kTorn;
      scan_.at_end.text = "the first sector of the batch is zero, and bytes follow";
    }
    if (!scan_.unreadable.ok()) {
      scan_.at_end.place = Place::kUnreadable;
      scan_.at_end.text = scan_.unreadable.ToString();
    }
  }

  SegmentBytes& bytes_;
  const SegmentHeader& header_;
  const Slots& slots_;
  const std::span<const Anchor> anchors_;
  const uint64_t align_;
  SegmentScan scan_;
  std::array<bool, 2> slot_seen_ = {false, false};
  std::ptrdiff_t anchors_seen_ = 0;
  std::vector<std::pair<uint64_t, uint64_t>> behind_;  // intact headers from P on: end, last seq
};

}  // namespace

SegmentScan ScanSegment(SegmentBytes* bytes, const SegmentHeader& header, const ScanInput& input) {
  return Scan(bytes, header, input).Run(input.limit);
}

}  // namespace stet::wal
