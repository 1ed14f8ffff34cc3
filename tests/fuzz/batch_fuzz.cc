// A batch in a segment: damaged, or whole and saying something else.
#include <algorithm>

#include "tests/fuzz/fuzzed_log.h"
#include "wal/batch.h"

namespace stet::wal {
namespace {

// Digests that are right for whatever the fields say; of the body only if asked.
void SealAgain(std::span<std::byte> bytes, bool body) {
  auto header = Load<BatchHeader>(bytes);
  const uint64_t content = kBatchHeaderBytes + header.body_bytes;
  if (body && content <= bytes.size()) {
    const Bytes batch = bytes.first(AlignUp(content, FuzzedLog::kAlign));
    header.zero_sectors = CountZeroSectors(batch, content);
    header.body_digest = DigestOf(batch.subspan(kBatchHeaderBytes));
  }
  header.batch_id = DigestOf(BytesOf(header).first(sizeof(header) - sizeof(Digest)));
  std::ranges::copy(BytesOf(header), bytes.begin());
}

}  // namespace

// Input: the segment and the block where it stands; what is sealed again; what is XORed onto the four blocks from there on.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kAlign = FuzzedLog::kAlign;
  FuzzInput input(std::as_bytes(std::span(data, size)));
  FuzzedLog log;
  const uint8_t where = input.Byte();
  const uint8_t how = input.Byte();
  const uint64_t segno = 1 + (where & 1);
  const uint64_t offset = (4 + (where >> 1) % 8) * kAlign;
  std::vector<std::byte> bytes = log.Read(segno, offset, 4 * kAlign);
  input.Onto(bytes);
  if ((how & 3) != 0) SealAgain(bytes, (how & 2) != 0);
  log.Write(segno, offset, bytes);
  log.LookAtAll();
  return 0;
}

}  // namespace stet::wal
