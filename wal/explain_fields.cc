// A table of places for each structure; what a field should be is said where it is known.
#include "wal/explain_fields.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <utility>

#include "base/format.h"

namespace stet::wal {
namespace {

constexpr uint64_t kHexLine = 16;

enum class As : uint8_t { kNumber, kHex, kDigest, kMagic, kTime, kReason, kZeros };

struct Spot {
  std::string_view name;
  uint16_t offset;
  uint16_t bytes;
  As as = As::kNumber;
};

// clang-format off
constexpr Spot kHeaderSpots[] = {
    {"magic", 0, 8, As::kMagic},          {"major", 8, 2},               {"minor", 10, 2},
    {"header_bytes", 12, 4},              {"log_uuid", 16, 16, As::kDigest},
    {"segno", 32, 8},                     {"salt", 40, 8, As::kHex},     {"epoch", 48, 4},
    {"state", 52, 1},                     {"commit_align_log2", 53, 1},  {"record_align_log2", 54, 1},
    {"fill", 55, 1},                      {"segment_bytes", 56, 8},      {"checksum", 64, 4},
    {"inflight_bytes_max", 68, 4},        {"features_compat", 72, 4},    {"features_ro_compat", 76, 4},
    {"features_incompat", 80, 4},         {"start_reason", 84, 4, As::kReason},
    {"first_seq", 88, 8},                 {"prev_segno", 96, 8},         {"prev_end_lsn", 104, 8, As::kHex},
    {"prev_last_seq", 112, 8},            {"prev_batch_id", 120, 16, As::kDigest},
    {"prev_durable_lsn", 136, 8, As::kHex}, {"discarded_to_lsn", 144, 8, As::kHex},
    {"created", 152, 8, As::kTime},       {"snapshot_seq", 160, 8},      {"snapshot_id", 168, 16, As::kDigest},
    {"state_digest_version", 184, 4},     {"event_level", 188, 2},       {"reserved", 190, 50, As::kZeros},
    {"digest", 240, 16, As::kDigest},
};
constexpr Spot kSlotSpots[] = {
    {"magic", 0, 4, As::kMagic},          {"flags", 4, 4},               {"salt", 8, 8, As::kHex},
    {"slot_no", 16, 8},                   {"durable_lsn", 24, 8, As::kHex}, {"durable_seq", 32, 8},
    {"batch_id", 40, 16, As::kDigest},    {"time", 56, 8, As::kTime},    {"reserved", 64, 48, As::kZeros},
    {"digest", 112, 16, As::kDigest},
};
constexpr Spot kBatchSpots[] = {
    {"magic", 0, 4, As::kMagic},          {"version", 4, 1},             {"kind", 5, 1},
    {"flags", 6, 2},                      {"body_bytes", 8, 4},          {"zero_sectors", 12, 4},
    {"salt", 16, 8, As::kHex},            {"lsn", 24, 8, As::kHex},      {"first_seq", 32, 8},
    {"record_count", 40, 4},              {"epoch", 44, 4},              {"durable_lsn", 48, 8, As::kHex},
    {"closed", 56, 8, As::kTime},         {"body_digest", 64, 16, As::kDigest},
    {"prev_batch_id", 80, 16, As::kDigest}, {"prev_lsn", 96, 8, As::kHex},
    {"state_digest", 104, 8, As::kHex},   {"batch_id", 112, 16, As::kDigest},
};
constexpr Spot kRecordSpots[] = {
    {"payload_bytes", 0, 4},              {"check", 4, 4, As::kHex},     {"seq", 8, 8},
    {"stream", 16, 8, As::kHex},          {"type", 24, 2},               {"flags", 26, 1},
    {"reserved", 27, 1, As::kZeros},      {"schema_id", 28, 4},
};
constexpr Spot kLogIdSpots[] = {
    {"magic", 0, 8, As::kMagic},          {"major", 8, 2},               {"minor", 10, 2},
    {"reserved", 12, 4, As::kZeros},      {"log_uuid", 16, 16, As::kDigest},
    {"created", 32, 8, As::kTime},        {"opened_segno", 40, 8}, {"digest", 48, 16, As::kDigest},
};
// clang-format on

uint64_t NumberAt(Bytes bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof(value)));
  return value;
}

std::string Quoted(Bytes bytes) {
  std::string text = "\"";
  for (const std::byte byte : bytes) {
    const auto c = static_cast<char>(byte);
    text += c >= ' ' && c <= '~' && c != '"'
                ? std::string(1, c)
                : fmt::format("\\x{:02x}", static_cast<unsigned>(byte));
  }
  return text + '"';
}

std::string TextOf(const Spot& spot, Bytes bytes) {
  const uint64_t number = NumberAt(bytes);
  switch (spot.as) {
    case As::kNumber:
      return fmt::format("{}", number);
    case As::kHex:
      return fmt::format("{:0{}x}", number, 2 * bytes.size());
    case As::kDigest:
      return ToString(Load<Digest>(bytes));
    case As::kMagic:
      return Quoted(bytes);
    case As::kTime:
      return number == 0 ? "-"
                         : fmt::format("{}", absl::FromUnixNanos(static_cast<int64_t>(number)));
    case As::kReason:
      return fmt::format("{} ({})", number,
                         wal::ToString(static_cast<StartReason>(static_cast<uint32_t>(number))));
    case As::kZeros:
      return AllZero(bytes) ? "zeros" : fmt::format("not zero: {}", Quoted(bytes));
  }
  return {};
}

// Name -> what it should be.  A field without an entry is right as it is.
using Expected = std::map<std::string_view, std::string>;

std::vector<Field> Tabulate(std::span<const Spot> spots, Bytes bytes, uint64_t base,
                            const Expected& expected) {
  std::vector<Field> fields;
  for (const Spot& spot : spots) {
    Field field = {.name = std::string(spot.name),
                   .offset = base + spot.offset,
                   .bytes = spot.bytes,
                   .found = TextOf(spot, bytes.subspan(spot.offset, spot.bytes))};
    if (const auto it = expected.find(spot.name); it != expected.end()) field.expected = it->second;
    if (spot.as == As::kZeros) field.expected = "zeros";
    field.ok = field.expected.empty() || field.expected == field.found;
    fields.push_back(std::move(field));
  }
  return fields;
}

// Every field of `right` as an expectation.
void ExpectAll(std::span<const Spot> spots, Bytes right, Expected* expected) {
  for (const Spot& spot : spots) {
    (*expected)[spot.name] = TextOf(spot, right.subspan(spot.offset, spot.bytes));
  }
}

std::string Number(uint64_t value) { return fmt::format("{}", value); }
std::string Hex(uint64_t value) { return fmt::format("{:016x}", value); }

template <typename T>
std::string DigestText(const T& value) {
  return ToString(DigestOf(BytesOf(value).first(sizeof(T) - sizeof(Digest))));
}

// A condition that is no equality.
void Judge(std::vector<Field>* fields, std::string_view name, bool ok, std::string expected) {
  for (Field& field : *fields) {
    if (field.name != name || !field.expected.empty()) continue;
    field.expected = ok ? std::string() : std::move(expected);
    field.ok = ok;
    return;
  }
}

}  // namespace

std::vector<Field> FieldsOf(const SegmentHeader& header, uint64_t base,
                            const HeaderExpectation& expectation) {
  Expected expected = {{"magic", "\"WFLOGSEG\""},
                       {"major", Number(kFormatMajor)},
                       {"header_bytes", Number(sizeof(SegmentHeader))},
                       {"segno", Number(expectation.segno)},
                       {"checksum", Number(kChecksumXxh3)},
                       {"features_incompat", "0"},
                       {"segment_bytes", Number(expectation.file_bytes)}};
  if (expectation.other != nullptr) {
    ExpectAll(kHeaderSpots, BytesOf(*expectation.other), &expected);
  } else {
    expected["digest"] = DigestText(header);
  }
  if (expectation.log_uuid) expected["log_uuid"] = ToString(*expectation.log_uuid);
  if (const SegmentScan* before = expectation.before; before != nullptr) {
    expected["prev_segno"] = Number(expectation.segno - 1);
    expected["prev_batch_id"] = ToString(before->chain.batch_id);
    expected["prev_last_seq"] = Number(before->chain.next_seq - 1);
    expected["first_seq"] = Number(before->chain.next_seq);
  }
  std::vector<Field> fields = Tabulate(kHeaderSpots, BytesOf(header), base, expected);
  const bool state =
      header.state == SegmentState::kActive || header.state == SegmentState::kProvisional;
  Judge(&fields, "state", state, "1 (provisional) or 2 (active)");
  Judge(&fields, "commit_align_log2",
        header.commit_align_log2 >= 12 && header.commit_align_log2 <= 16, "12..16");
  return fields;
}

std::vector<Field> FieldsOf(const WatermarkSlot& slot, uint64_t base, const SegmentHeader& segment,
                            uint64_t position) {
  const Expected expected = {
      {"magic", "\"WMRK\""}, {"salt", Hex(segment.salt)}, {"digest", DigestText(slot)}};
  std::vector<Field> fields = Tabulate(kSlotSpots, BytesOf(slot), base, expected);
  const uint64_t align = uint64_t{1} << segment.commit_align_log2;
  const uint64_t offset = OffsetOf(slot.durable_lsn);
  Judge(&fields, "flags", (slot.flags & ~kSlotCleanClose) == 0, "0, or 1 (closed in order)");
  Judge(&fields, "slot_no", slot.slot_no % 2 == position, position == 0 ? "even" : "odd");
  Judge(&fields, "durable_lsn",
        SegnoOf(slot.durable_lsn) == segment.segno && offset % align == 0 &&
            offset >= FirstBatchOffset(align) && offset <= segment.segment_bytes,
        fmt::format("a multiple of {} in segment {}", align, segment.segno));
  return fields;
}

std::vector<Field> FieldsOf(const BatchHeader& batch, uint64_t base, const SegmentHeader& segment,
                            const Chain* chain, Bytes whole) {
  Expected expected = {{"magic", "\"WBAT\""},
                       {"version", Number(kBatchVersion)},
                       {"salt", Hex(segment.salt)},
                       {"lsn", Hex(MakeLsn(segment.segno, base))},
                       {"epoch", Number(segment.epoch)},
                       {"batch_id", DigestText(batch)}};
  if (chain != nullptr) {
    expected["first_seq"] = Number(chain->next_seq);
    expected["prev_batch_id"] = ToString(chain->batch_id);
    if (chain->batch_lsn) expected["prev_lsn"] = Hex(*chain->batch_lsn);
  }
  const uint64_t content = kBatchHeaderBytes + batch.body_bytes;
  const bool all = !whole.empty() && AlignUp(content, kSectorBytes) <= whole.size();
  if (all) {
    expected["body_digest"] = ToString(DigestOf(whole.subspan(kBatchHeaderBytes)));
    expected["zero_sectors"] = Number(CountZeroSectors(whole, content));
  }
  std::vector<Field> fields = Tabulate(kBatchSpots, BytesOf(batch), base, expected);
  const auto kind = static_cast<int>(batch.kind);
  Judge(&fields, "kind", kind == 1 || kind == 2 || kind >= 128, "1 (data) or 2 (segment end)");
  Judge(&fields, "flags", (batch.flags & ~kBatchRelaxed) == 0, "0 or 2");
  Judge(&fields, "body_bytes", batch.body_bytes <= kBatchBytesMax,
        fmt::format("at most {}", kBatchBytesMax));
  Judge(&fields, "durable_lsn", batch.durable_lsn <= batch.lsn, "not behind the batch itself");
  return fields;
}

std::vector<Field> RecordFields(Bytes content, uint64_t base, uint64_t expected_seq,
                                uint32_t record_align_log2) {
  const auto header = Load<RecordHeader>(content);
  Expected expected = {{"seq", Number(expected_seq)}, {"flags", "0"}};
  const uint64_t bytes = RecordBytes(header.payload_bytes, record_align_log2);
  const bool fits = bytes <= content.size();
  const uint64_t end = kRecordHeaderBytes + header.payload_bytes;
  if (fits) {
    const Bytes payload = content.subspan(kRecordHeaderBytes, header.payload_bytes);
    expected["check"] = fmt::format("{:08x}", RecordCheck(header, Hash64(payload)));
  }
  std::vector<Field> fields = Tabulate(kRecordSpots, BytesOf(header), base, expected);
  Judge(&fields, "payload_bytes", fits,
        fmt::format("at most {}, what is left of the batch",
                    content.size() - std::min(content.size(), kRecordHeaderBytes)));
  if (fits && end < bytes) {
    const Spot zeros = {"alignment", static_cast<uint16_t>(0), static_cast<uint16_t>(bytes - end),
                        As::kZeros};
    std::vector<Field> tail =
        Tabulate({&zeros, 1}, content.subspan(end, bytes - end), base + end, {});
    fields.push_back(std::move(tail.front()));
  }
  return fields;
}

std::vector<Field> FieldsOf(const LogId& id) {
  return Tabulate(
      kLogIdSpots, BytesOf(id), 0,
      {{"magic", "\"WFLOGID\\x00\""}, {"major", Number(kFormatMajor)}, {"digest", DigestText(id)}});
}

std::vector<HexDifference> DifferencesOf(Bytes found, Bytes expected, uint64_t base) {
  std::vector<HexDifference> differences;
  const uint64_t bytes = std::min(found.size(), expected.size());
  for (uint64_t at = 0; at < bytes; at += kHexLine) {
    const uint64_t length = std::min(kHexLine, bytes - at);
    const Bytes a = found.subspan(at, length);
    const Bytes b = expected.subspan(at, length);
    if (std::ranges::equal(a, b)) continue;
    const auto text = [](Bytes raw) {
      return std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
    };
    differences.push_back({.offset = base + at, .found = text(a), .expected = text(b)});
  }
  return differences;
}

}  // namespace stet::wal
