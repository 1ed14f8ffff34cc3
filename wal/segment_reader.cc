// What stands at one place of a segment.  No length is trusted before the checksum that covers it.
#include "wal/segment_reader.h"

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
                    const Chain* chain, Records records, Judgement judgement) {
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
  const Flaw flaw = CheckBatch(batch, *read, header.record_align_log2, records);
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
                  const Chain* chain, Records records) {
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
  return JudgeBody(bytes, header, offset, chain, records, std::move(judgement));
}

}  // namespace stet::wal
