// Tests of the choice of the durability operation.
#include "wal/probe.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include "stet/wal/log.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal {
namespace {

// Each kind of operation takes its time, on the clock of `storage`.
class TimedQueue final : public Queue {
 public:
  TimedQueue(SimStorage* storage, std::map<Op::Kind, int64_t> costs_us)
      : storage_(*storage), costs_us_(std::move(costs_us)) {}

  absl::Status Submit(std::span<const Op> ops) override {
    for (const Op& op : ops) {
      storage_.Advance(costs_us_.at(op.kind) * 1000);
      for (const std::byte byte : op.data) CHECK(byte == std::byte{0});
      completions_.push_back({.token = op.token, .result = result});
    }
    return absl::OkStatus();
  }
  absl::StatusOr<size_t> Reap(std::span<Completion> out, absl::Duration /*wait_max*/) override {
    out[0] = completions_.back();
    completions_.pop_back();
    return 1;
  }
  void Wake() override {}
  size_t depth() const override { return 8; }

  int64_t result = 4096;

 private:
  SimStorage& storage_;
  std::map<Op::Kind, int64_t> costs_us_;
  std::vector<Completion> completions_;
};

absl::StatusOr<ProbeResult> ProbeWith(std::map<Op::Kind, int64_t> costs_us,
                                      const FileSystemFacts& facts, int64_t result = 4096) {
  SimStorage storage;
  auto file = storage.Open("/file", OpenMode::kCreate);
  REQUIRE(file.ok());
  TimedQueue queue(&storage, std::move(costs_us));
  queue.result = result;
  return Probe(&storage, &queue, file->get(), 16384, facts);
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
    const FileSystemFacts cached{.volatile_cache = true};
    const FileSystemFacts fua{.volatile_cache = true, .fua = true};
    const auto op = [](const absl::StatusOr<ProbeResult>& result) {
      REQUIRE(result.ok());
      CHECK_EQ(result->costs.size(), 3);
      return result->operation;
    };
    CHECK(op(ProbeWith({{kDurable, 80}, {kLinked, 100}, {kWrite, 60}, {kFlush, 60}}, cached)) ==
          Operation::kDurableWrite);
    CHECK(op(ProbeWith({{kDurable, 95}, {kLinked, 100}, {kWrite, 60}, {kFlush, 60}}, cached)) ==
          Operation::kLinkedFlush);
    CHECK(op(ProbeWith({{kDurable, 95}, {kLinked, 100}, {kWrite, 20}, {kFlush, 50}}, fua)) ==
          Operation::kWriteThenFlush);
    CHECK(op(ProbeWith({{kDurable, 100}, {kLinked, 95}, {kWrite, 60}, {kFlush, 60}}, fua)) ==
          Operation::kDurableWrite);
  }

  TEST_CASE("a disk that is too busy to be measured gets the usual operation; an error is one") {
    const FileSystemFacts cached{.volatile_cache = true};
    const auto busy =
        ProbeWith({{kDurable, 900}, {kLinked, 4000}, {kWrite, 900}, {kFlush, 900}}, cached);
    REQUIRE(busy.ok());
    CHECK(busy->operation == Operation::kLinkedFlush);
    CHECK(!busy->note.empty());
    CHECK(busy->costs.empty());
    const auto failed =
        ProbeWith({{kDurable, 1}, {kLinked, 1}, {kWrite, 1}, {kFlush, 1}}, cached, -EIO);
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
    const std::string text = "stet durability probe 1\n" + facts.kernel + "\n" + facts.type + "\n" +
                             facts.device + "\n" + (*storage)->name() + "\nwrite_flush\n";
    if (std::filesystem::exists(kept)) {
      CHECK_EQ(ReadFile(kept).substr(0, text.size() - 12), text.substr(0, text.size() - 12));
    }
    std::ofstream(kept) << text;
    const WriterStats again = open();
    CHECK(again.operation == Operation::kWriteThenFlush);
    CHECK_EQ(again.operation_note, "write_flush: measured earlier");
    CHECK_EQ(ReadFile(kept), text);
    std::ofstream(kept) << "stet durability probe 1\nanother kernel\n";
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
}  // namespace stet::wal
