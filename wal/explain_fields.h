// The fields of each structure of the log, found and expected, as text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stet/wal/explain.h"
#include "wal/batch.h"
#include "wal/segment_reader.h"

namespace stet::wal {

// What a header copy must agree with, as far as it is known.
struct HeaderExpectation {
  std::optional<Digest> log_uuid = {};
  uint64_t segno = 0;
  uint64_t file_bytes = 0;
  const SegmentHeader* other = nullptr;  // the other copy, if that is valid
  const SegmentScan* before = nullptr;   // of the segment before, up to the end that is stated
};
std::vector<Field> FieldsOf(const SegmentHeader& header, uint64_t base,
                            const HeaderExpectation& expectation);

std::vector<Field> FieldsOf(const WatermarkSlot& slot, uint64_t base, const SegmentHeader& segment,
                            uint64_t position);

// `whole` is the batch if its header is intact and it could be read, else empty.
std::vector<Field> FieldsOf(const BatchHeader& batch, uint64_t base, const SegmentHeader& segment,
                            const Chain* chain, Bytes whole);

// `content` begins at the record and reaches to the end of its batch's body.
std::vector<Field> RecordFields(Bytes content, uint64_t base, uint64_t expected_seq,
                                uint32_t record_align_log2);

std::vector<Field> FieldsOf(const LogId& id);

// The runs of 16 bytes in which `found` and `expected`, of one length, differ.
std::vector<HexDifference> DifferencesOf(Bytes found, Bytes expected, uint64_t base);

}  // namespace stet::wal
