// Tests of the memory of batches: the pool, and what a busy writer does with it.
#include "wal/buffer_pool.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "stet/wal/writer.h"
#include "tests/sim/sim_storage.h"
#include "tests/wal/log_fixture.h"
#include "tests/wal/temp_directory.h"
#include "wal/format.h"

namespace stet::wal::buffer_pool_test {
namespace {

constexpr uint64_t kUsual = 1 << 20;

// Notes what it is told of.
class NotingQueue final : public Queue {
 public:
  absl::Status Submit(std::span<const Op> /*ops*/) override { return absl::OkStatus(); }
  absl::StatusOr<size_t> Reap(std::span<Completion> /*out*/, absl::Duration /*wait*/) override {
    return size_t{0};
  }
  void Wake() override {}
  size_t depth() const override { return 1; }
  void RegisterBuffers(std::span<const std::span<std::byte>> buffers) override {
    registered.assign(buffers.begin(), buffers.end());
  }

  std::vector<std::span<std::byte>> registered;
};

TEST_SUITE("wal::BufferPool") {
  TEST_CASE("what was given back last is taken first, and only so many are kept") {
    BufferPool pool(kUsual, 2);
    std::vector<AlignedBuffer> taken;
    std::vector<const std::byte*> places;
    for (int i = 0; i < 3; ++i) {
      taken.push_back(pool.Take(1, kCommitAlignMin));
      CHECK_EQ(taken.back().size(), kUsual);
      places.push_back(taken.back().data());
    }
    for (AlignedBuffer& buffer : taken) pool.Give(std::move(buffer));
    CHECK_EQ(pool.Take(1, kCommitAlignMin).data(), places[1]);
    CHECK_EQ(pool.Take(1, kCommitAlignMin).data(), places[0]);
  }

  TEST_CASE("a large group gets a buffer of its own, which is not kept") {
    BufferPool pool(kUsual, 2);
    AlignedBuffer large = pool.Take(5 * kUsual, kCommitAlignMin);
    CHECK_EQ(large.size(), 5 * kUsual);
    pool.Give(std::move(large));
    CHECK_EQ(pool.Take(1, kCommitAlignMin).size(), kUsual);
  }

  TEST_CASE(
      "the pieces of a region do not overlap, come back, and are all that the queue is told of") {
    BufferPool pool(kUsual, 2);
    NotingQueue queue;
    pool.MakeRegion(&queue);
    REQUIRE_EQ(queue.registered.size(), 1);
    const std::span<std::byte> region = queue.registered[0];
    std::vector<AlignedBuffer> taken;
    for (size_t i = 0; i < region.size() / kUsual; ++i) {
      taken.push_back(pool.Take(kUsual, kCommitAlignMax));
      CHECK_EQ(reinterpret_cast<uintptr_t>(taken[i].data()) % kCommitAlignMax, 0);
      CHECK(taken[i].data() >= region.data());
      CHECK(taken[i].data() + taken[i].size() <= region.data() + region.size());
      std::memset(taken[i].data(), static_cast<int>(i), taken[i].size());
    }
    for (size_t i = 0; i < taken.size(); ++i) {
      CHECK_EQ(static_cast<size_t>(taken[i].data()[0]), i);
      CHECK_EQ(static_cast<size_t>(taken[i].data()[kUsual - 1]), i);
    }
    const AlignedBuffer beside = pool.Take(kUsual, kCommitAlignMin);
    CHECK((beside.data() < region.data() || beside.data() >= region.data() + region.size()));
    const std::byte* const piece = taken[3].data();
    pool.Give(std::move(taken[3]));
    CHECK_EQ(pool.Take(1, kCommitAlignMin).data(), piece);
  }

  TEST_CASE("buffers too large for a region do without one") {
    BufferPool pool(16 << 20, 2);
    NotingQueue queue;
    pool.MakeRegion(&queue);
    CHECK(queue.registered.empty());
    CHECK_EQ(pool.Take(1, kCommitAlignMin).size(), 16 << 20);
  }
}

TEST_SUITE("wal::Writer") {
  TEST_CASE("a busy log writes from registered memory, and what it wrote is read back") {
    const TempDirectory directory;
    const Options options{.directory = directory.path() + "/log",
                          .create = true,
                          .durability = Durability::kOs,
                          .segment_bytes = 96 << 20,
                          .first_segment_bytes = 96 << 20};
    constexpr int kRecords = 320;
    {
      auto writer = OpenWriter(options);
      REQUIRE_MESSAGE(writer.ok(), writer.status().ToString());
      for (int i = 0; i < kRecords; ++i) {
        std::string text(256 << 10, static_cast<char>('a' + i % 26));
        text.replace(0, 4, std::to_string(1000 + i));
        REQUIRE(AppendText(writer->get(), {text}).ok());
        REQUIRE((*writer)->Poll(absl::ZeroDuration()).ok());
      }
      REQUIRE((*writer)->Close().ok());
      const QueueStats queue = (*writer)->stats().queue;
      if (queue.registered_buffers == 0) {
        MESSAGE("no buffer could be registered here: ", queue.ToString());
      } else {
        CHECK(queue.registered_writes > 0);
      }
    }
    auto again = Recover(options);
    REQUIRE_MESSAGE(again.ok(), again.status().ToString());
    const std::vector<std::string> texts = ReadTexts(*again);
    REQUIRE_EQ(texts.size(), kRecords);
    for (int i = 0; i < kRecords; ++i) {
      CHECK_EQ(texts[i].substr(0, 4), std::to_string(1000 + i));
      CHECK_EQ(texts[i].find_first_not_of(static_cast<char>('a' + i % 26), 4), std::string::npos);
    }
  }

  TEST_CASE("what a caller has appended flies while it goes on appending") {
    SimStorage storage;
    Options options = SimOptions(&storage);
    options.segment_bytes = 8 << 20;
    options.first_segment_bytes = 8 << 20;
    options.inflight_bytes_max = 8 << 20;
    auto writer = OpenWriter(options);
    REQUIRE_MESSAGE(writer.ok(), writer.status().ToString());
    const std::string text(10'000, 'x');
    REQUIRE(AppendText(writer->get(), {text}).ok());
    CHECK_EQ((*writer)->stats().batches, 0);
    for (int i = 1; i < 40; ++i) REQUIRE(AppendText(writer->get(), {text}).ok());
    CHECK((*writer)->stats().batches > 0);
    REQUIRE((*writer)->Close().ok());
    writer->reset();
    auto again = Recover(options);
    REQUIRE_MESSAGE(again.ok(), again.status().ToString());
    CHECK_EQ(ReadTexts(*again).size(), 40);
  }
}

}  // namespace
}  // namespace stet::wal::buffer_pool_test
