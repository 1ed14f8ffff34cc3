// The layout is pinned here by the compiler; digests and validity rules of the single structures.
#include "wal/format.h"

#include <algorithm>
#include <array>

namespace stet::wal {
namespace {

template <typename T, size_t kSize>
constexpr bool IsExact() {
  return sizeof(T) == kSize && std::has_unique_object_representations_v<T> &&
         std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>;
}

static_assert(IsExact<SegmentHeader, 256>());
static_assert(offsetof(SegmentHeader, log_uuid) == 16);
static_assert(offsetof(SegmentHeader, segno) == 32);
static_assert(offsetof(SegmentHeader, salt) == 40);
static_assert(offsetof(SegmentHeader, epoch) == 48);
static_assert(offsetof(SegmentHeader, state) == 52);
static_assert(offsetof(SegmentHeader, commit_align_log2) == 53);
static_assert(offsetof(SegmentHeader, record_align_log2) == 54);
static_assert(offsetof(SegmentHeader, fill) == 55);
static_assert(offsetof(SegmentHeader, segment_bytes) == 56);
static_assert(offsetof(SegmentHeader, inflight_bytes_max) == 68);
static_assert(offsetof(SegmentHeader, start_reason) == 84);
static_assert(offsetof(SegmentHeader, first_seq) == 88);
static_assert(offsetof(SegmentHeader, prev_end_lsn) == 104);
static_assert(offsetof(SegmentHeader, prev_batch_id) == 120);
static_assert(offsetof(SegmentHeader, discarded_to_lsn) == 144);
static_assert(offsetof(SegmentHeader, snapshot_id) == 168);
static_assert(offsetof(SegmentHeader, state_digest_version) == 184);
static_assert(offsetof(SegmentHeader, event_level) == 188);
static_assert(offsetof(SegmentHeader, reserved) == 190);
static_assert(offsetof(SegmentHeader, digest) == 240);

static_assert(IsExact<WatermarkSlot, 128>());
static_assert(offsetof(WatermarkSlot, durable_lsn) == 24);
static_assert(offsetof(WatermarkSlot, batch_id) == 40);
static_assert(offsetof(WatermarkSlot, reserved) == 64);
static_assert(offsetof(WatermarkSlot, digest) == 112);

static_assert(IsExact<BatchHeader, 128>());
static_assert(offsetof(BatchHeader, body_bytes) == 8);
static_assert(offsetof(BatchHeader, zero_sectors) == 12);
static_assert(offsetof(BatchHeader, lsn) == 24);
static_assert(offsetof(BatchHeader, durable_lsn) == 48);
static_assert(offsetof(BatchHeader, body_digest) == 64);
static_assert(offsetof(BatchHeader, prev_batch_id) == 80);
static_assert(offsetof(BatchHeader, prev_lsn) == 96);
static_assert(offsetof(BatchHeader, state_digest) == 104);
static_assert(offsetof(BatchHeader, batch_id) == 112);

static_assert(IsExact<RecordHeader, 32>());
static_assert(offsetof(RecordHeader, seq) == 8);
static_assert(offsetof(RecordHeader, type) == 24);
static_assert(offsetof(RecordHeader, schema_id) == 28);

static_assert(IsExact<SegmentEnd, 48>());
static_assert(IsExact<IndexEntry, 16>());

static_assert(IsExact<LogId, 64>());
static_assert(offsetof(LogId, log_uuid) == 16);
static_assert(offsetof(LogId, digest) == 48);

// The digest of the bytes before the structure's last 16, where its digest stands.
template <typename T>
Digest OwnDigest(const T& value) {
  return DigestOf(BytesOf(value).first(sizeof(T) - sizeof(Digest)));
}

bool InRange(const SegmentHeader& header) {
  const bool state =
      header.state == SegmentState::kProvisional || header.state == SegmentState::kActive;
  const bool fill = header.fill == Fill::kZeroed || header.fill == Fill::kStale;
  const bool align = header.commit_align_log2 >= 12 && header.commit_align_log2 <= 16 &&
                     header.record_align_log2 >= 4 && header.record_align_log2 <= 6;
  if (!state || !fill || !align || header.segno == 0 || header.segno > UINT32_MAX) return false;
  const uint64_t commit_align = uint64_t{1} << header.commit_align_log2;
  return header.header_bytes == sizeof(SegmentHeader) && header.segment_bytes >= kSegmentBytesMin &&
         header.segment_bytes <= kSegmentBytesMax && header.segment_bytes % commit_align == 0;
}

}  // namespace

std::string_view ToString(Flaw flaw) {
  switch (flaw) {
    case Flaw::kNone:
      return "ok";
    case Flaw::kZero:
      return "zero";
    case Flaw::kMagic:
      return "wrong magic";
    case Flaw::kDigest:
      return "digest mismatch";
    case Flaw::kUnsupported:
      return "newer version";
    case Flaw::kReserved:
      return "reserved bytes set";
    case Flaw::kValue:
      return "value out of range";
    case Flaw::kBody:
      return "body digest mismatch";
    case Flaw::kRecord:
      return "record check mismatch";
    case Flaw::kUnreadable:
      return "unreadable";
  }
  return "unknown";
}

std::string_view ToString(StartReason reason) {
  constexpr std::array<std::string_view, 6> kNames = {"create",   "rotate",   "open",
                                                      "recovery", "failover", "repair"};
  const auto index = static_cast<size_t>(reason);
  return index < kNames.size() ? kNames[index] : "unknown";
}

bool AllZero(Bytes bytes) {
  // Zero if and only if its first byte is zero and it equals itself shifted by one.
  return bytes.empty() || (bytes[0] == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

void Seal(SegmentHeader* header) { header->digest = OwnDigest(*header); }
void Seal(WatermarkSlot* slot) { slot->digest = OwnDigest(*slot); }
void Seal(LogId* id) { id->digest = OwnDigest(*id); }

Flaw Check(const SegmentHeader& header) {
  if (AllZero(BytesOf(header))) return Flaw::kZero;
  if (header.magic != kSegmentMagic) return Flaw::kMagic;
  if (header.digest != OwnDigest(header)) return Flaw::kDigest;
  if (header.major != kFormatMajor || header.features_incompat != 0) return Flaw::kUnsupported;
  if (header.checksum != kChecksumXxh3) return Flaw::kUnsupported;
  if (header.minor == kFormatMinor && !AllZero(std::as_bytes(std::span(header.reserved)))) {
    return Flaw::kReserved;
  }
  return InRange(header) ? Flaw::kNone : Flaw::kValue;
}

Flaw Check(const WatermarkSlot& slot) {
  if (AllZero(BytesOf(slot))) return Flaw::kZero;
  if (slot.magic != kSlotMagic) return Flaw::kMagic;
  if (slot.digest != OwnDigest(slot)) return Flaw::kDigest;
  if ((slot.flags & ~kSlotCleanClose) != 0) return Flaw::kUnsupported;
  if (!AllZero(std::as_bytes(std::span(slot.reserved)))) return Flaw::kReserved;
  return Flaw::kNone;
}

Flaw Check(const LogId& id) {
  if (AllZero(BytesOf(id))) return Flaw::kZero;
  if (id.magic != kLogIdMagic) return Flaw::kMagic;
  if (id.digest != OwnDigest(id)) return Flaw::kDigest;
  if (id.major != kFormatMajor) return Flaw::kUnsupported;
  if (id.minor < kLogIdMinorOpened && id.opened_segno != 0) return Flaw::kReserved;
  if (id.minor <= kLogIdMinorOpened && id.reserved != 0) return Flaw::kReserved;
  return Flaw::kNone;
}

Flaw Check(const BatchHeader& header) {
  if (AllZero(BytesOf(header))) return Flaw::kZero;
  if (header.magic != kBatchMagic) return Flaw::kMagic;
  if (header.batch_id != OwnDigest(header)) return Flaw::kDigest;
  if (header.version != kBatchVersion) return Flaw::kUnsupported;
  const bool known = header.kind == BatchKind::kData || header.kind == BatchKind::kSegmentEnd;
  if (!known && static_cast<uint8_t>(header.kind) < 128) return Flaw::kUnsupported;
  if ((header.flags & ~kBatchRelaxed) != 0) return Flaw::kUnsupported;
  const bool data = header.kind == BatchKind::kData;
  if (data != (header.record_count > 0)) return Flaw::kValue;
  if (header.first_seq == 0 || header.body_bytes > kBatchBytesMax) return Flaw::kValue;
  return Flaw::kNone;
}

}  // namespace stet::wal
