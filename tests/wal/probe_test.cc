// Tests of the choice of the durability operation.
#include "wal/probe.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "stet/wal/log.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal::probe_test {
namespace {

struct Cost {
  int64_t alone_us;
  int64_t together_us;  // as many as are submitted at once
};
using Costs = std::map<Op::Kind, Cost>;

// Each kind of operation takes its time, on the clock of `storage`.
class TimedQueue final : public Queue {
 public:
  TimedQueue(SimStorage* storage, Costs costs) : storage_(*storage), costs_(std::move(costs)) {}

  absl::Status Submit(std::span<const Op> ops) override {
    const Cost cost = costs_.at(ops.front().kind);
    storage_.Advance((ops.size() == 1 ? cost.alone_us : cost.together_us) * 1000);
    std::set<uint64_t> offsets;
    for (const Op& op : ops) {
      for (const std::byte byte : op.data) CHECK(byte == std::byte{0});
      CHECK(offsets.insert(op.offset).second);
      completions_.push_back({.token = op.token, .result = result});
    }
    return absl::OkStatus();
  }
  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration /*wait_max*/) override {
    REQUIRE(!completions_.empty());
    out[0] = completions_.back();
    completions_.pop_back();
    return 1;
  }
  void Wake() override {}
  size_t depth() const override { return 8; }

  int64_t result = 4096;

 private:
  SimStorage& storage_;
  Costs costs_;
  std::vector<Completion> completions_;
};

absl::StatusOr<ProbeResult> ProbeWith(Costs costs, int64_t result = 4096) {
  SimStorage storage;
  auto file = storage.Open("/file", OpenMode::kCreate);
  REQUIRE(file.ok());
  TimedQueue queue(&storage, std::move(costs));
  queue.result = result;
  return Probe(&storage, &queue, file->get(), 16384);
}

constexpr Op::Kind kDurable = Op::Kind::kWriteDurable;
constexpr Op::Kind kLinked = Op::Kind::kWriteLinkedFlush;
constexpr Op::Kind kWrite = Op::Kind::kWrite;
constexpr Op::Kind kFlush = Op::Kind::kFlush;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_SUITE("wal::Probe") {
  TEST_CASE("the quickest operation is taken, and the usual one unless another is clearly better") {
    const auto chosen = [](const Costs& costs) {
      const auto result = ProbeWith(costs);
      REQUIRE_MESSAGE(result.ok(), result.status().ToString());
      CHECK_EQ(result->costs.size(), 6);
      return result->operation;
    };
    const Cost slow{500, 500};
    CHECK(chosen({{kDurable, {100, 200}}, {kLinked, {90, 185}}, {kWrite, slow}, {kFlush, slow}}) ==
          Operation::kDurableWrite);
    CHECK(chosen({{kDurable, {100, 200}}, {kLinked, {90, 170}}, {kWrite, slow}, {kFlush, slow}}) ==
          Operation::kLinkedFlush);
    CHECK(
        chosen({{kDurable, {100, 200}}, {kLinked, slow}, {kWrite, {20, 30}}, {kFlush, {60, 60}}}) ==
        Operation::kWriteThenFlush);
  }

  TEST_CASE("an operation that is quicker alone and slower with several in flight is not taken") {
    const auto result = ProbeWith(
        {{kDurable, {100, 200}}, {kLinked, {80, 250}}, {kWrite, {20, 50}}, {kFlush, {160, 160}}});
    REQUIRE(result.ok());
    CHECK(result->operation == Operation::kDurableWrite);
    CHECK_EQ(result->costs[0].in_flight, 1);
    CHECK_EQ(result->costs[0].p50_us, 100);
    CHECK_EQ(result->costs[1].in_flight, 4);
    CHECK_EQ(result->costs[1].p50_us, 200);
    CHECK_EQ(result->costs[1].per_second, 20000);
  }

  TEST_CASE("an operation that is slower alone is not taken, however quick several in flight are") {
    const auto result = ProbeWith(
        {{kDurable, {100, 240}}, {kLinked, {500, 500}}, {kWrite, {60, 80}}, {kFlush, {50, 50}}});
    REQUIRE(result.ok());
    CHECK(result->operation == Operation::kDurableWrite);
    CHECK_EQ(result->costs[2].p50_us, 110);
    CHECK_EQ(result->costs[3].p50_us, 130);
  }

  TEST_CASE("a disk that is too busy to be measured gets the usual operation; an error is one") {
    const auto all = [](Cost cost) {
      return Costs{{kDurable, cost}, {kLinked, cost}, {kWrite, cost}, {kFlush, cost}};
    };
    const auto busy = ProbeWith(all({2000, 4000}));
    REQUIRE(busy.ok());
    CHECK(busy->operation == Operation::kDurableWrite);
    CHECK(!busy->note.empty());
    CHECK(busy->costs.empty());
    const auto failed = ProbeWith(all({1, 1}), -EIO);
    CHECK(failed.status().code() == absl::StatusCode::kInternal);
  }

  TEST_CASE("what was measured is kept for the next open, as long as the machine is the same") {
    const TempDirectory directory;
    const std::string kept = directory.path() + "/" + std::string(kProbeName);
    const auto open = [&] {
      auto log = Log::Open({.directory = directory.path(), .create = true});
      REQUIRE_MESSAGE(log.ok(), log.status().ToString());
      const WriterStats stats = (*log)->stats();
      CHECK(stats.operation != Operation::kAuto);
      REQUIRE((*log)->Sync(*(*log)->Append("x")).ok());
      REQUIRE((*log)->Close().ok());
      return stats;
    };
    open();
    // On a busy machine nothing may have been kept: then it is written here, in the same words.
    auto storage = OpenStorage(Backend::kAuto);
    const FileSystemFacts facts = (*storage)->Describe(directory.path());
    if (facts.in_memory) return;
    const std::string elsewhere =
        "\n" + facts.type + "\n" + facts.device + "\n" + (*storage)->name() + "\nwrite_flush\n";
    const std::string text = "stet durability probe 3\n" + facts.kernel + elsewhere;
    if (std::filesystem::exists(kept)) {
      CHECK_EQ(ReadFile(kept).substr(0, text.size() - 12), text.substr(0, text.size() - 12));
    }
    std::ofstream(kept) << text;
    const WriterStats again = open();
    CHECK(again.operation == Operation::kWriteThenFlush);
    CHECK_EQ(again.operation_note, "write_flush: measured earlier");
    CHECK_EQ(ReadFile(kept), text);
    std::ofstream(kept) << "stet durability probe 3\nanother kernel" << elsewhere;
    CHECK(open().operation_note != "write_flush: measured earlier");
    const auto pinned =
        Log::Open({.directory = directory.path(), .operation = Operation::kDurableWrite});
    REQUIRE(pinned.ok());
    CHECK((*pinned)->stats().operation == Operation::kDurableWrite);
  }

  TEST_CASE("where nothing is known of the disk nothing is measured") {
    SimStorage storage;
    auto writer = OpenWriter(SimOptions(&storage));
    REQUIRE(writer.ok());
    CHECK((*writer)->stats().operation == Operation::kDurableWrite);
    CHECK((*writer)->stats().durable_writes == 0);
  }
}

}  // namespace
}  // namespace stet::wal::probe_test
