// Tries them all.
#include "wal/bit_flip.h"

#include <vector>

namespace stet::wal {
namespace {

constexpr uint64_t kBodyBytesMax = 16 << 10;

// Flips each bit of `bytes` in turn until `good()`; nothing if it never is.
template <typename Good>
std::optional<BitFlip> TryAll(std::span<std::byte> bytes, const Good& good) {
  for (uint64_t i = 0; i < bytes.size(); ++i) {
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

}  // namespace

std::optional<BitFlip> FindBitFlip(Bytes batch, uint64_t lsn) {
  std::vector<std::byte> copy(batch.begin(), batch.end());
  const std::span<std::byte> bytes(copy);
  if (bytes.size() < kBatchHeaderBytes) return std::nullopt;
  const auto header = Load<BatchHeader>(bytes);
  if (Check(header) != Flaw::kNone) {
    return TryAll(bytes.first(kBatchHeaderBytes), [&] {
      const auto tried = Load<BatchHeader>(bytes);
      return Check(tried) == Flaw::kNone && tried.lsn == lsn;
    });
  }
  const std::span<std::byte> body = bytes.subspan(kBatchHeaderBytes);
  if (body.size() > kBodyBytesMax) return std::nullopt;
  std::optional<BitFlip> flip = TryAll(body, [&] { return DigestOf(body) == header.body_digest; });
  if (flip) flip->offset += kBatchHeaderBytes;
  return flip;
}

}  // namespace stet::wal
