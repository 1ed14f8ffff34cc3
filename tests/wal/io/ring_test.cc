// Tests of the ladder of ring flags: what the kernel refuses is named, and every rung serves a queue.
#include "wal/io/ring.h"

#include <cstring>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/wal/temp_directory.h"
#include "wal/io/aligned_buffer.h"
#include "wal/io/uring_queue.h"

namespace stet::wal::ring_test {
namespace {

constexpr size_t kBlock = 4096;

// Where io_uring is forbidden altogether no rung can be tried.
bool HasRings() { return Ring::Create(1).ok(); }

// DEFER_TASKRUN alone, which no kernel grants.
constexpr Ring::Rung kRefused = {Ring::Grade::kDeferred, IORING_SETUP_DEFER_TASKRUN, "half"};

// One write and one flush behind it, `count` times, and what the queue said of each.
std::vector<int64_t> WriteAndFlush(Queue* queue, File* file, size_t count) {
  AlignedBuffer data(kBlock, kBlock);
  std::memset(data.data(), 'r', data.size());
  std::vector<int64_t> results(count, 0);
  for (uint64_t i = 0; i < count; ++i) {
    const auto kind = i % 2 == 0 ? Op::Kind::kWriteLinkedFlush : Op::Kind::kWriteDurable;
    const Op op{kind, file, i * kBlock, data.span(), i};
    REQUIRE(queue->Submit({&op, 1}).ok());
  }
  for (size_t left = count; left > 0;) {
    Completion completions[4];
    const auto reaped = queue->Reap(completions, absl::Seconds(10));
    REQUIRE(reaped.ok());
    REQUIRE(*reaped > 0);
    for (size_t i = 0; i < *reaped; ++i) results[completions[i].token] += completions[i].result;
    left -= *reaped;
  }
  return results;
}

TEST_SUITE("wal::Ring") {
  TEST_CASE("flags that the kernel refuses are named, and the next ones are tried") {
    if (!HasRings()) return;
    const Ring::Rung ladder[] = {
        kRefused, {Ring::Grade::kCooperative, IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN"}};
    const auto ring = Ring::Create(8, ladder);
    REQUIRE_MESSAGE(ring.ok(), ring.status().ToString());
    CHECK_EQ((*ring)->grade(), Ring::Grade::kCooperative);
    CHECK_EQ((*ring)->setup(), "COOP_TASKRUN");
    CHECK_EQ((*ring)->refused(), "half: Invalid argument");
  }

  TEST_CASE("without flags that the kernel grants there is no ring, and each is named") {
    if (!HasRings()) return;
    const Ring::Rung ladder[] = {kRefused, kRefused};
    const absl::Status status = Ring::Create(8, ladder).status();
    CHECK(absl::IsUnavailable(status));
    CHECK_EQ(std::string(status.message()),
             "io_uring: half: Invalid argument, half: Invalid argument");
  }

  TEST_CASE("every rung serves a queue: durable writes, linked flushes, a wake from elsewhere") {
    if (!HasRings()) return;
    const auto storage = OpenStorage(Backend::kPosix);
    for (const Ring::Rung& rung : Ring::Ladder()) {
      CAPTURE(rung.name);
      const auto queue = UringQueue::Create({&rung, 1});
      if (!queue.ok()) {
        MESSAGE("this kernel does not grant ", rung.name, ": ", queue.status().ToString());
        continue;
      }
      CHECK_EQ((*queue)->stats().setup, rung.name);
      const TempDirectory directory;
      const auto file = (*storage)->Open(directory.path() + "/file", OpenMode::kCreate);
      REQUIRE(file.ok());
      REQUIRE((*file)->Allocate(16 * kBlock).ok());
      for (const int64_t result : WriteAndFlush(queue->get(), file->get(), 16)) {
        CHECK_EQ(result, int64_t{kBlock});
      }
      for (int round = 0; round < 10; ++round) {
        std::thread waker([&] { (*queue)->Wake(); });
        Completion none[1];
        CHECK_EQ(*(*queue)->Reap(none, absl::Seconds(20)), 0);
        waker.join();
      }
    }
  }
}

}  // namespace
}  // namespace stet::wal::ring_test
