// Recovery of what the production writer wrote: damaged at random, nothing acknowledged is lost unsaid.
#include <cstdio>
#include <cstdlib>
#include <random>

#include <doctest/doctest.h>

#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"

namespace stet::wal::written_log_test {
namespace {

uint64_t Seed() {
  const char* given = std::getenv("STET_SEED");  // NOLINT(concurrency-mt-unsafe)
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  std::printf("STET_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

// Three openings, some rotations, closed in order: everything is acknowledged and witnessed.
std::vector<std::string> WriteLog(const Options& options) {
  std::vector<std::string> all;
  for (int opening = 0; opening < 3; ++opening) {
    auto writer = OpenWriter(options);
    REQUIRE(writer.ok());
    for (int i = 0; i < 40; ++i) {
      const std::string text =
          std::string(static_cast<size_t>(i) * 90, 'a' + static_cast<char>(opening)) + "end";
      REQUIRE(AppendText(writer->get(), {text, "second"}).ok());
      REQUIRE((*writer)->Flush().ok());
      all.push_back(text);
      all.emplace_back("second");
    }
    REQUIRE((*writer)->Close().ok());
  }
  return all;
}

}  // namespace

TEST_SUITE("wal::recovery of written logs") {
  TEST_CASE("a flipped bit, a lost sector or a lost block is refused, healed or without effect") {
    std::mt19937_64 random(Seed());
    SimStorage storage;
    const Options options = SimOptions(&storage);
    const std::vector<std::string> all = WriteLog(options);
    std::vector<std::shared_ptr<SimContent>> segments;
    for (const auto& [name, content] : storage.disk().names()) {
      if (name.ends_with(".wal")) segments.push_back(content);
    }
    REQUIRE_GT(segments.size(), 3);
    int refused = 0;
    for (int i = 0; i < 600; ++i) {
      SimContent& segment = *segments[random() % segments.size()];
      const SimContent before = segment;
      const uint64_t at = random() % before.size();
      if (i % 3 == 0) segment.FlipBit(at, static_cast<int>(random() % 8));
      const uint64_t lost = i % 3 == 1 ? 512 : i % 3 == 2 ? 4096 : 0;
      if (lost != 0) segment.Overwrite(at / lost * lost, std::vector<std::byte>(lost));
      const absl::StatusOr<RecoveredLog> log = Recover(options);
      CAPTURE(i);
      CAPTURE(at);
      if (!log.ok()) {
        ++refused;
        CHECK_NE(RefusalOf(log.status()), Refusal::kNone);
        CHECK_EQ(Examine(options).refusal, RefusalOf(log.status()));
      } else {
        CHECK(ReadTexts(*log) == all);
      }
      segment = before;
    }
    CHECK_GT(refused, 50);
    const absl::StatusOr<RecoveredLog> healthy = Recover(options);
    REQUIRE(healthy.ok());
    CHECK(healthy->report().clean);
    CHECK(ReadTexts(*healthy) == all);
  }

  TEST_CASE("reading from a seq gives the rest, whichever segment it is in") {
    SimStorage storage;
    const Options options = SimOptions(&storage);
    const std::vector<std::string> all = WriteLog(options);
    const absl::StatusOr<RecoveredLog> log = Recover(options);
    REQUIRE(log.ok());
    for (uint64_t from = 1; from <= all.size() + 1; ++from) {
      Reader reader = log->NewReader(from);
      uint64_t seq = from;
      for (const Record& record : reader) CHECK_EQ(record.seq, seq++);
      CHECK(reader.status().ok());
      CHECK_EQ(seq, all.size() + 1);
    }
  }
}

}  // namespace stet::wal::written_log_test
