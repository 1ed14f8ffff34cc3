// Tests of who is woken for what.
#include "wal/release_rounds.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace stet::wal::release_rounds_test {
namespace {

TEST_SUITE("wal::ReleaseRounds") {
  TEST_CASE("who needs a seq waits for the round that it was taken in") {
    ReleaseRounds rounds;
    const auto early = rounds.TicketFor(3);
    rounds.Take(3);
    CHECK_EQ(rounds.TicketFor(1).word, early.word);
    CHECK_EQ(rounds.TicketFor(3).word, early.word);
    const auto late = rounds.TicketFor(4);
    CHECK(late.word != early.word);
    CHECK(!rounds.Release(2));
    CHECK_EQ(early.word->load(), early.seen);
    CHECK(rounds.Release(3));
    CHECK_EQ(rounds.released_records(), 3);
    CHECK_EQ(rounds.WakeReleased(), 0);
    CHECK_EQ(rounds.released_records(), 0);
    CHECK(early.word->load() != early.seen);
    CHECK_EQ(late.word->load(), late.seen);
    ReleaseRounds::Sleep(early);
  }

  TEST_CASE("no more rounds than there are words") {
    ReleaseRounds rounds;
    uint64_t seq = 0;
    while (!rounds.full()) rounds.Take(++seq);
    CHECK_EQ(seq, 64);
    rounds.Release(1);
    CHECK(!rounds.full());
    rounds.Take(++seq);
    CHECK(rounds.full());
    rounds.Release(seq);
    CHECK_EQ(rounds.released_records(), seq);
  }

  TEST_CASE("nobody sleeps on after his seq is released") {
    constexpr uint64_t kSeqs = 5000;
    ReleaseRounds rounds;
    std::atomic<uint64_t> appended = 0;
    std::atomic<uint64_t> released = 0;
    std::vector<std::thread> waiters;
    for (int t = 0; t < 4; ++t) {
      waiters.emplace_back([&] {
        for (uint64_t seq = ++appended; seq <= kSeqs; seq = ++appended) {
          while (released.load() < seq) {
            const ReleaseRounds::Ticket ticket = rounds.TicketFor(seq);
            if (released.load() < seq) ReleaseRounds::Sleep(ticket);
          }
        }
      });
    }
    // Takes and releases as the log's thread does: some rounds later, or at once.
    uint64_t taken = 0;
    for (uint64_t turn = 0; released.load() < kSeqs; ++turn) {
      const uint64_t seq = std::min(appended.load(), kSeqs);
      if (!rounds.full() && seq > taken) rounds.Take(taken = seq);
      const uint64_t done = turn % 3 == 0 ? taken - taken % 2 : taken;
      if (done > released.load()) released.store(done);
      rounds.Release(released.load());
      rounds.WakeReleased();
      if (seq == taken) std::this_thread::yield();
    }
    for (std::thread& waiter : waiters) waiter.join();
    CHECK_EQ(released.load(), kSeqs);
  }
}

}  // namespace
}  // namespace stet::wal::release_rounds_test
