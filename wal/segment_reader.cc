// The scan: batches in order up to the first place P that does not hold the next one, then a search
// behind P for whatever proves how far the segment was durable.
#include "wal/segment_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"

namespace stet::wal {
namespace {

uint64_t CommitAlign(const SegmentHeader& header) {
  return uint64_t{1} << header.commit_align_log2;
}

Judgement As(Judgement judgement, Place place, Flaw flaw, std::string text) {
  judgement.place = place;
  judgement.flaw = flaw;
  judgement.text = std::move(text);
  return judgement;
}

// What does not fit between an intact batch and its segment and predecessor; empty if all fits.
std::string ChainConflict(const BatchHeader& batch, const SegmentHeader& header,
                          const Chain* chain) {
  if (batch.epoch != header.epoch) {
    return fmt::format("expected epoch {}, found {}", header.epoch, batch.epoch);
  }
  if (batch.durable_lsn > batch.lsn) {
    return fmt::format("it names lsn {:#x} durable, behind itself", batch.durable_lsn);
  }
  if (chain == nullptr) return {};
  if (batch.prev_batch_id != chain->batch_id) {
    return fmt::format("expected to follow batch {}, found {}", ToString(chain->batch_id),
                       ToString(batch.prev_batch_id));
  }
  if (batch.first_seq != chain->next_seq) {
    return fmt::format("expected seq {}, found {}", chain->next_seq, batch.first_seq);
  }
  if (chain->batch_lsn && batch.prev_lsn != *chain->batch_lsn) {
    return fmt::format("expected to follow lsn {:#x}, found {:#x}", *chain->batch_lsn,
                       batch.prev_lsn);
  }
  return {};
}

// A batch whose header is intact, of this segment and of this place.
Judgement JudgeBody(SegmentBytes* bytes, const SegmentHeader& header, uint64_t offset,
                    const Chain* chain, Judgement judgement) {
  const BatchHeader& batch = judgement.header;
  if (offset + judgement.bytes > header.segment_bytes) {
    return As(judgement, Place::kUnchained, Flaw::kValue,
              fmt::format("its {} bytes leave the segment", judgement.bytes));
  }
  const absl::StatusOr<Bytes> read = bytes->At(offset, judgement.bytes);
  if (!read.ok()) {
    return As(judgement, Place::kUnreadable, Flaw::kUnreadable, read.status().ToString());
  }
  judgement.batch = *read;
  const Flaw flaw = CheckBatch(batch, *read, header.record_align_log2);
  if (flaw == Flaw::kBody) {
    const uint64_t content = kBatchHeaderBytes + batch.body_bytes;
    if (offset + content > bytes->file_bytes()) {
      return As(judgement, Place::kTorn, flaw, "the file ends inside the batch");
    }
    const uint32_t zero = CountZeroSectors(*read, content);
    const Place place = zero > batch.zero_sectors ? Place::kTorn : Place::kDamaged;
    std::string text =
        fmt::format("body digest: expected {}, computed {}", ToString(batch.body_digest),
                    ToString(DigestOf(read->subspan(kBatchHeaderBytes))));
    if (zero != batch.zero_sectors) {
      text += fmt::format("; sectors of zeros: expected {}, found {}", batch.zero_sectors, zero);
    }
    return As(judgement, place, flaw, std::move(text));
  }
  if (flaw != Flaw::kNone) {
    return As(judgement, Place::kUnchained, flaw,
              fmt::format("digests agree, but: {}", ToString(flaw)));
  }
  if (std::string conflict = ChainConflict(batch, header, chain); !conflict.empty()) {
    return As(judgement, Place::kUnchained, Flaw::kNone, std::move(conflict));
  }
  judgement.place = Place::kValid;
  return judgement;
}

}  // namespace

std::string_view ToString(Place place) {
  constexpr std::array<std::string_view, 9> kNames = {"valid",     "zeros", "torn",
                                                      "damaged",   "stale", "misplaced",
                                                      "unchained", "newer", "unreadable"};
  return kNames[static_cast<size_t>(place)];
}

Judgement JudgeAt(SegmentBytes* bytes, const SegmentHeader& header, uint64_t offset,
                  const Chain* chain) {
  Judgement judgement;
  const absl::StatusOr<Bytes> read = bytes->At(offset, kSectorBytes);
  if (!read.ok()) {
    return As(judgement, Place::kUnreadable, Flaw::kUnreadable, read.status().ToString());
  }
  if (AllZero(*read)) return As(judgement, Place::kZeros, Flaw::kZero, "zeros");
  const auto batch = Load<BatchHeader>(*read);
  const Flaw flaw = Check(batch);
  if (flaw != Flaw::kNone && offset + kBatchHeaderBytes > bytes->file_bytes()) {
    return As(judgement, Place::kTorn, flaw, "the file ends inside the batch header");
  }
  if (flaw == Flaw::kUnsupported) {
    return As(judgement, Place::kNewer, flaw,
              fmt::format("batch version {}, kind {}, flags {:#x}: made by a newer version",
                          batch.version, static_cast<int>(batch.kind), batch.flags));
  }
  if (flaw != Flaw::kNone) {
    return As(judgement, Place::kDamaged, flaw,
              fmt::format("not a batch header: {}", ToString(flaw)));
  }
  judgement.header = batch;
  judgement.bytes = BatchBytes(batch.body_bytes, CommitAlign(header));
  const uint64_t lsn = MakeLsn(header.segno, offset);
  if (batch.salt != header.salt) {
    return As(judgement, Place::kStale, Flaw::kNone,
              fmt::format("expected salt {:016x}, found {:016x} (lsn {:#x})", header.salt,
                          batch.salt, batch.lsn));
  }
  if (batch.lsn != lsn) {
    return As(judgement, Place::kMisplaced, Flaw::kNone,
              fmt::format("expected lsn {:#x}, found the batch of lsn {:#x}", lsn, batch.lsn));
  }
  return JudgeBody(bytes, header, offset, chain, std::move(judgement));
}

namespace {

// Fills a SegmentScan.
class Scan {
 public:
  Scan(SegmentBytes* bytes, const SegmentHeader& header, const Slots& slots, const Chain& before)
      : bytes_(*bytes), header_(header), slots_(slots), align_(CommitAlign(header)) {
    scan_.end = FirstBatchOffset(align_);
    scan_.chain = before;
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
  }

  // A slot that names the place reached must name the batch that ends there.
  void CompareSlots() {
    for (size_t i = 0; i < slots_.slot.size(); ++i) {
      const WatermarkSlot& slot = slots_.slot[i];
      if (slots_.flaw[i] != Flaw::kNone) continue;
      if (slot.durable_lsn != MakeLsn(header_.segno, scan_.end)) continue;
      slot_seen_[i] = true;
      if (slot.batch_id != scan_.chain.batch_id || slot.durable_seq != scan_.chain.next_seq - 1) {
        scan_.slot_conflict = fmt::format(
            "slot {} names batch {} with last seq {} at lsn {:#x}, there ends batch {} with last "
            "seq {}",
            slot.slot_no, ToString(slot.batch_id), slot.durable_seq, slot.durable_lsn,
            ToString(scan_.chain.batch_id), scan_.chain.next_seq - 1);
      }
    }
  }

  void CheckSlots() {
    const uint64_t end_lsn = MakeLsn(header_.segno, scan_.end);
    for (size_t i = 0; i < slots_.slot.size(); ++i) {
      const WatermarkSlot& slot = slots_.slot[i];
      if (slots_.flaw[i] != Flaw::kNone) continue;
      Witness(slot.durable_lsn, slot.durable_seq, fmt::format("watermark slot {}", slot.slot_no));
      if (slot.durable_lsn < end_lsn && !slot_seen_[i]) {
        scan_.slot_conflict = fmt::format("slot {} names lsn {:#x}, where no batch ends",
                                          slot.slot_no, slot.durable_lsn);
      }
      if (slot.durable_lsn < end_lsn && (slot.flags & kSlotCleanClose) != 0) {
        scan_.slot_conflict =
            fmt::format("slot {} says that the log was closed at lsn {:#x}, but batches follow",
                        slot.slot_no, slot.durable_lsn);
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
      behind_.push_back({batch.lsn + BatchBytes(batch.body_bytes, align_),
                         batch.first_seq + batch.record_count - 1});
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
  const uint64_t align_;
  SegmentScan scan_;
  std::array<bool, 2> slot_seen_ = {false, false};
  std::vector<std::pair<uint64_t, uint64_t>> behind_;  // intact headers from P on: end, last seq
};

}  // namespace

SegmentScan ScanSegment(SegmentBytes* bytes, const SegmentHeader& header, const Slots& slots,
                        const Chain& before, uint64_t limit) {
  return Scan(bytes, header, slots, before).Run(limit);
}

}  // namespace stet::wal
