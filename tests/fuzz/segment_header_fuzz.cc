// The header of a segment, both copies, and its watermark slots: damaged, or whole and saying something else.
#include "tests/fuzz/fuzzed_log.h"
#include "wal/format.h"

namespace stet::wal {
namespace {

template <typename T>
void Change(FuzzedLog* log, FuzzInput* input, uint64_t segno, uint64_t offset, bool sealed) {
  std::vector<std::byte> bytes = log->Read(segno, offset, sizeof(T));
  input->Onto(bytes);
  if (sealed) {
    auto value = Load<T>(bytes);
    Seal(&value);
    const Bytes whole = BytesOf(value);
    bytes.assign(whole.begin(), whole.end());
  }
  log->Write(segno, offset, bytes);
}

}  // namespace

// Input: which segment and what is sealed again; then what is XORed onto copy A, copy B, slot 0, slot 1.  Bit 7: B becomes as A.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kAlign = FuzzedLog::kAlign;
  FuzzInput input(std::as_bytes(std::span(data, size)));
  FuzzedLog log;
  const uint8_t how = input.Byte();
  const uint64_t segno = 1 + (how & 1);
  Change<SegmentHeader>(&log, &input, segno, 0, (how & 2) != 0);
  Change<SegmentHeader>(&log, &input, segno, kAlign, (how & 4) != 0);
  Change<WatermarkSlot>(&log, &input, segno, 2 * kAlign, (how & 8) != 0);
  Change<WatermarkSlot>(&log, &input, segno, 3 * kAlign, (how & 16) != 0);
  if ((how & 128) != 0) log.Write(segno, kAlign, log.Read(segno, 0, sizeof(SegmentHeader)));
  log.LookAtAll();
  return 0;
}

}  // namespace stet::wal
