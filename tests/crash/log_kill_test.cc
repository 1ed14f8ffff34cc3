// A process that appends is killed at any moment, again and again: all that it acknowledged is there.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/wal/log.h"
#include "tests/crash/modes.h"
#include "tests/wal/log_fixture.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal {
namespace {

// What the child says of one record, in one write: a pipe keeps it whole.
struct Ack {
  uint64_t seq = 0;
  uint64_t id = 0;
};

std::string TextOf(uint64_t id) {
  return fmt::format("{}:{}", id, std::string(id * 7919 % 5000, static_cast<char>('a' + id % 26)));
}

// Appends with some threads and reports what is released, until it is killed.
[[noreturn]] void RunChild(const Options& options, uint64_t first_id, int pipe) {
  auto log = Log::Open(options);
  if (!log.ok()) ::_exit(1);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t id = first_id + t;; id += 4) {
        const auto seq = (*log)->Append(TextOf(id));
        if (!seq.ok() || !(*log)->Sync(*seq).ok()) ::_exit(2);
        const Ack ack{.seq = *seq, .id = id};
        if (::write(pipe, &ack, sizeof(ack)) != sizeof(ack)) ::_exit(3);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ::_exit(4);
}

// Starts a child, kills it after `lifetime`, returns what it acknowledged.
std::vector<Ack> RunAndKill(const Options& options, uint64_t first_id, absl::Duration lifetime) {
  int ends[2];
  REQUIRE_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    RunChild(options, first_id, ends[1]);
  }
  ::close(ends[1]);
  std::vector<Ack> acks;
  std::thread reader([&] {
    Ack ack;
    while (::read(ends[0], &ack, sizeof(ack)) == sizeof(ack)) acks.push_back(ack);
  });
  ::usleep(static_cast<useconds_t>(absl::ToInt64Microseconds(lifetime)));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  reader.join();
  ::close(ends[0]);
  CHECK_MESSAGE(WIFSIGNALED(status), "the child ended by itself: ", status);
  return acks;
}

TEST_SUITE("wal::Log killed") {
  TEST_CASE("kill -9 at any moment: what was acknowledged is there, and open never refuses") {
    std::mt19937_64 random(Seed());
    const TempDirectory directory;
    std::map<uint64_t, uint64_t> acknowledged;
    std::vector<Durability> durabilities = Durabilities();
    std::erase(durabilities, Durability::kMemory);  // promises nothing when it releases
    for (uint64_t round = 0; round < Rounds(24); ++round) {
      const Options options{.directory = directory.path(),
                            .create = true,
                            .durability = durabilities[round / 2 % durabilities.size()],
                            .backend = round % 2 == 0 ? Backend::kAuto : Backend::kPosix,
                            .segment_bytes = 1 << 20,
                            .first_segment_bytes = 128 << 10};
      const auto lifetime = absl::Microseconds(static_cast<int64_t>(random() % 120'000));
      for (const Ack& ack : RunAndKill(options, (round + 1) << 32, lifetime)) {
        acknowledged[ack.seq] = ack.id;
      }
      CAPTURE(round);
      const auto log = Recover(options);
      REQUIRE_MESSAGE(log.ok(), log.status().ToString());
      const std::vector<std::string> texts = ReadTexts(*log);
      for (const auto& [seq, id] : acknowledged) {
        REQUIRE(seq <= texts.size());
        REQUIRE(texts[seq - 1] == TextOf(id));
      }
    }
    MESSAGE(acknowledged.size(), " records acknowledged");
    CHECK(acknowledged.size() > 10);  // few on a busy machine
  }
}

}  // namespace
}  // namespace stet::wal
