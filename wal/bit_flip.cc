// Tries them all, where the record checks say that it can be.
#include "wal/bit_flip.h"

#include <span>
#include <vector>

#include "wal/batch.h"

namespace stet::wal {
namespace {

// Flips each bit of bytes [begin, end) in turn until `good()`; nothing if it never is.
template <typename Good>
std::optional<BitFlip> TryAll(std::span<std::byte> bytes, uint64_t begin, uint64_t end,
                              const Good& good) {
  for (uint64_t i = begin; i < end; ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      const std::byte mask{static_cast<uint8_t>(1 << bit)};
      bytes[i] ^= mask;
      const bool found = good();
      bytes[i] ^= mask;
      if (found) return BitFlip{.offset = i, .bit = bit};
    }
  }
  return std::nullopt;
}

template <typename T>
std::optional<BitFlip> FindIn(Bytes bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  std::vector<std::byte> copy(bytes.begin(), bytes.begin() + sizeof(T));
  return TryAll(copy, 0, copy.size(), [&] { return Check(Load<T>(copy)) == Flaw::kNone; });
}

// Looks for the bit in the body of a batch whose header is intact.
class BodySearch {
 public:
  BodySearch(Bytes batch, uint64_t record_bytes_max, uint32_t record_align_log2)
      : copy_(batch.begin(), batch.end()),
        bytes_(copy_),
        header_(Load<BatchHeader>(bytes_)),
        record_bytes_max_(record_bytes_max),
        align_log2_(record_align_log2) {}

  std::optional<BitFlip> Run() {
    const uint64_t content = kBatchHeaderBytes + header_.body_bytes;
    if (content > bytes_.size()) return std::nullopt;
    if (const auto flip = OnlyBit(content, bytes_.size())) return flip;
    if (header_.kind != BatchKind::kData) return Exhaust(kBatchHeaderBytes, content);
    uint64_t bad = kBatchHeaderBytes;
    RecordCursor cursor(header_, bytes_, align_log2_);
    while (const std::optional<RecordView> view = cursor.Next()) {
      bad = view->offset + RecordBytes(view->header.payload_bytes, align_log2_);
    }
    if (bad + kRecordHeaderBytes > content) return std::nullopt;
    return InRecord(bad, content);
  }

 private:
  bool Agrees() const { return DigestOf(bytes_.subspan(kBatchHeaderBytes)) == header_.body_digest; }

  // In a range that must be zero: the one bit that is set.
  std::optional<BitFlip> OnlyBit(uint64_t begin, uint64_t end) {
    for (uint64_t i = begin; i < end; ++i) {
      if (bytes_[i] == std::byte{0}) continue;
      return TryAll(bytes_, i, i + 1, [&] { return Agrees(); });
    }
    return std::nullopt;
  }

  std::optional<BitFlip> Exhaust(uint64_t begin, uint64_t end) {
    if (end - begin > record_bytes_max_) return std::nullopt;
    return TryAll(bytes_, begin, end, [&] { return Agrees(); });
  }

  // Whether the record at `at` verifies as it is now.  Its own check first: that is cheaper than the
  // digest of the batch, and wrong once in four thousand million times.
  bool RecordAgrees(uint64_t at, uint64_t content) const {
    const auto record = Load<RecordHeader>(bytes_.subspan(at));
    if (RecordBytes(record.payload_bytes, align_log2_) > content - at) return false;
    const Bytes payload = bytes_.subspan(at + kRecordHeaderBytes, record.payload_bytes);
    return RecordCheck(record, Hash64(payload)) == record.check && Agrees();
  }

  std::optional<BitFlip> InRecord(uint64_t at, uint64_t content) {
    const auto good = [&] { return RecordAgrees(at, content); };
    const uint64_t payload = at + kRecordHeaderBytes;
    const auto record = Load<RecordHeader>(bytes_.subspan(at));
    const uint64_t bytes = RecordBytes(record.payload_bytes, align_log2_);
    const bool fits = bytes <= content - at;
    // Its header first: with a wrong length nothing else can be said of it.
    const bool header_small = !fits || record.payload_bytes <= record_bytes_max_;
    if (header_small) {
      if (const auto flip = TryAll(bytes_, at, payload, good)) return flip;
    }
    if (!fits) return std::nullopt;
    if (const auto flip = OnlyBit(payload + record.payload_bytes, at + bytes)) return flip;
    if (record.payload_bytes > record_bytes_max_) return std::nullopt;
    return TryAll(bytes_, payload, payload + record.payload_bytes, good);
  }

  std::vector<std::byte> copy_;
  std::span<std::byte> bytes_;
  const BatchHeader header_;
  const uint64_t record_bytes_max_;
  const uint32_t align_log2_;
};

}  // namespace

std::optional<BitFlip> FindBitFlip(Bytes batch, uint64_t lsn, uint64_t record_bytes_max,
                                   uint32_t record_align_log2) {
  if (batch.size() < kBatchHeaderBytes) return std::nullopt;
  if (Check(Load<BatchHeader>(batch)) == Flaw::kNone) {
    return BodySearch(batch, record_bytes_max, record_align_log2).Run();
  }
  std::vector<std::byte> copy(batch.begin(), batch.begin() + kBatchHeaderBytes);
  return TryAll(copy, 0, copy.size(), [&] {
    const auto tried = Load<BatchHeader>(copy);
    return Check(tried) == Flaw::kNone && tried.lsn == lsn;
  });
}

std::optional<BitFlip> FindHeaderFlip(Bytes bytes) { return FindIn<SegmentHeader>(bytes); }
std::optional<BitFlip> FindSlotFlip(Bytes bytes) { return FindIn<WatermarkSlot>(bytes); }
std::optional<BitFlip> FindLogIdFlip(Bytes bytes) { return FindIn<LogId>(bytes); }

}  // namespace stet::wal
