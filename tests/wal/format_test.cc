// The format, byte for byte: against a builder that shares no code with it, and against fixed bytes.
#include "wal/format.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/wal/golden_log.h"
#include "tests/wal/log_builder.h"
#include "tests/wal/recovery_fixture.h"
#include "wal/batch.h"

namespace stet::wal::format_test {
namespace {

Bytes AsBytes(const std::string& text) { return std::as_bytes(std::span(text)); }

template <typename T>
std::string TextOf(const T& value) {
  const Bytes bytes = BytesOf(value);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Digest DigestIn(const std::string& sixteen) { return Load<Digest>(AsBytes(sixteen)); }

}  // namespace

TEST_SUITE("wal::format") {
  TEST_CASE("a segment header is the bytes of its drawing") {
    LogBuilder log;
    log.Segment();
    SegmentHeader header = {.log_uuid = DigestIn(log.uuid),
                            .segno = 1,
                            .salt = log.salt(),
                            .epoch = 1,
                            .state = SegmentState::kActive,
                            .segment_bytes = log.segment_bytes,
                            .inflight_bytes_max = log.inflight_max,
                            .first_seq = 1,
                            .created_ns = 1'700'000'000'000'000'000,
                            .event_level = 1};
    Seal(&header);
    CHECK_EQ(Check(header), Flaw::kNone);
    CHECK_EQ(TextOf(header), log.segments[0].bytes.substr(0, 256));
  }

  TEST_CASE("LOG_ID is the bytes of its drawing") {
    const LogBuilder log;
    LogId id = {.log_uuid = DigestIn(log.uuid), .created_ns = 1'700'000'000'000'000'000};
    Seal(&id);
    CHECK_EQ(Check(id), Flaw::kNone);
    CHECK_EQ(TextOf(id), log.LogIdBytes());
  }

  TEST_CASE("a batch with its records is the bytes of its drawing") {
    LogBuilder log;
    log.Segment();
    // The second payload leaves whole sectors of zeros.
    const std::vector<std::string> payloads = {"one", std::string(2000, '\0'), ""};
    const BuiltBatch built = log.Batch(payloads, 1, {}, 42);
    std::vector<std::byte> batch(built.bytes);
    uint64_t at = kBatchHeaderBytes;
    uint64_t seq = 1;
    for (const std::string& payload : payloads) {
      const NewRecord record = {
          .stream = 9, .type = 3, .schema_id = 7, .payload = AsBytes(payload)};
      at += PutRecord(record, seq++, Hash64(record.payload), std::span(batch).subspan(at));
    }
    BatchHeader header = {.body_bytes = static_cast<uint32_t>(at - kBatchHeaderBytes),
                          .salt = log.salt(),
                          .lsn = built.lsn,
                          .first_seq = 1,
                          .record_count = 3,
                          .epoch = 1,
                          .durable_lsn = built.lsn,
                          .closed_ns = 1'700'000'000'000'000'000,
                          .state_digest = 42};
    SealBatch(&header, batch);
    CHECK_EQ(header.zero_sectors, 3);
    CHECK_EQ(std::string(reinterpret_cast<const char*>(batch.data()), batch.size()),
             log.segments[0].bytes.substr(built.offset, built.bytes));
    CHECK_EQ(CheckBatch(header, batch, kRecordAlignLog2), Flaw::kNone);

    RecordCursor cursor(header, batch, kRecordAlignLog2);
    for (const std::string& payload : payloads) {
      const std::optional<RecordView> record = cursor.Next();
      REQUIRE(record);
      CHECK_EQ(record->payload.size(), payload.size());
      CHECK_EQ(record->header.stream, 9);
      CHECK_EQ(record->header.type, 3);
      CHECK_EQ(record->header.schema_id, 7);
    }
    CHECK_FALSE(cursor.Next());
    CHECK_FALSE(cursor.damaged());
  }

  // Fixed bytes: a change of the format shows even if builder and code change alike.
  TEST_CASE("the format of version 1 does not change") {
    const char* root = std::getenv("SOURCE_ROOT");  // NOLINT(concurrency-mt-unsafe)
    REQUIRE(root != nullptr);
    std::ifstream golden(std::string(root) + "/tests/golden/wal_v1.hex");
    LogBuilder log = GoldenLog();
    std::map<std::string, std::string> files = {{"id", std::string(64, '\0')},
                                                {"s1", std::string(log.segment_bytes, '\0')},
                                                {"s2", std::string(log.segment_bytes, '\0')}};
    std::string file;
    std::string offset;
    std::string hex;
    while (golden >> file >> offset >> hex) {
      const size_t at = std::stoul(offset, nullptr, 16);
      for (size_t i = 0; i < hex.size(); i += 2) {
        files.at(file).at(at + i / 2) =
            static_cast<char>(std::stoul(hex.substr(i, 2), nullptr, 16));
      }
    }
    CHECK(files.at("id") == log.LogIdBytes());
    CHECK(files.at("s1") == log.segments[0].bytes);
    CHECK(files.at("s2") == log.segments[1].bytes);

    Bench bench;
    bench.disk.files = {{"log/LOG_ID", files.at("id")},
                        {log.Path(1), files.at("s1")},
                        {log.Path(2), files.at("s2")}};
    const RecoveryReport report = bench.Judge();
    CHECK_EQ(report.verdict, Verdict::kClean);
    CHECK(report.clean);
    CHECK_EQ(bench.Read(),
             std::vector<std::string>{"hello", "world", std::string(600, '\0') + "x", "again"});
  }

  TEST_CASE("a flipped bit anywhere makes every structure invalid") {
    LogBuilder log;
    log.Segment();
    log.Batch({"payload"});
    log.Slot();
    const std::string bytes = log.segments[0].bytes;
    const auto flaws = [&](auto zero, uint64_t offset) {
      using T = decltype(zero);
      for (uint64_t bit = 0; bit < sizeof(T) * 8; ++bit) {
        std::string flipped = bytes.substr(offset, sizeof(T));
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        if (Check(Load<T>(AsBytes(flipped))) == Flaw::kNone) return bit;
      }
      return uint64_t{0};
    };
    CHECK_EQ(Check(Load<SegmentHeader>(AsBytes(bytes))), Flaw::kNone);
    CHECK_EQ(flaws(SegmentHeader{}, 0), 0);
    CHECK_EQ(Check(Load<WatermarkSlot>(AsBytes(bytes).subspan(2 * kA))), Flaw::kNone);
    CHECK_EQ(flaws(WatermarkSlot{}, 2 * kA), 0);
    CHECK_EQ(Check(Load<BatchHeader>(AsBytes(bytes).subspan(4 * kA))), Flaw::kNone);
    CHECK_EQ(flaws(BatchHeader{}, 4 * kA), 0);
  }

  TEST_CASE("reserved bytes that are set are named") {
    SegmentHeader header = {.segno = 1, .segment_bytes = 1 << 20};
    header.reserved[17] = 1;
    Seal(&header);
    CHECK_EQ(Check(header), Flaw::kReserved);
    WatermarkSlot slot;
    slot.reserved[3] = 1;
    Seal(&slot);
    CHECK_EQ(Check(slot), Flaw::kReserved);
    LogId id = {.opened_segno = 5};
    Seal(&id);
    CHECK_EQ(Check(id), Flaw::kReserved);
  }

  TEST_CASE("a newer version is told from damage") {
    SegmentHeader header = {.major = 2, .segno = 1, .segment_bytes = 1 << 20};
    Seal(&header);
    CHECK_EQ(Check(header), Flaw::kUnsupported);
    header = {.segno = 1, .segment_bytes = 1 << 20, .features_incompat = 4};
    Seal(&header);
    CHECK_EQ(Check(header), Flaw::kUnsupported);
    LogId id = {.major = 2};
    Seal(&id);
    CHECK_EQ(Check(id), Flaw::kUnsupported);
  }
}

}  // namespace stet::wal::format_test
