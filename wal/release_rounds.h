// Who waits for what: groups taken together form a round, and all who wait for one sleep on one
// word.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <absl/time/time.h>

namespace stet::wal {

// One wake-up serves all of a round, and nobody else.
class ReleaseRounds {
 public:
  // Waiters, from any thread.

  // Where to sleep, and what stood there.
  struct Ticket {
    std::atomic<uint32_t>* word = nullptr;
    uint32_t seen = 0;
  };

  // For who needs `seq`, which was added.  Sleep only if it is still not released after this:
  // whoever releases it changes the word.
  Ticket TicketFor(uint64_t seq);
  static void Sleep(const Ticket& ticket);

  // The log's thread alone.

  // Whether no further round may be taken before one is released.
  bool full() const { return open_.load() - released_ == kRounds; }

  // All up to `last_seq` that was not taken before is now: a round.  Not while full().
  void Take(uint64_t last_seq);

  // Notes that all up to `seq` is released.  Returns whether anybody may have to be woken.
  bool Release(uint64_t seq);

  // Records of the rounds whose sleepers are yet to be woken.
  uint64_t released_records() const { return released_seq_ - woken_seq_; }

  // Wakes who sleeps for what is released; returns how many.
  uint64_t WakeReleased();

  // Wakes everybody, to look again.
  void WakeAll();

 private:
  static constexpr uint64_t kRounds = 64;

  uint64_t WakeRound(uint64_t round);

  std::array<std::atomic<uint32_t>, kRounds> words_ = {};
  std::array<std::atomic<uint64_t>, kRounds> last_seqs_ = {};  // of rounds that were taken
  std::atomic<uint64_t> open_ = 0;   // number of the round that is not taken yet
  std::atomic<uint64_t> first_ = 0;  // where waiters begin to look: not above any unreleased round

  uint64_t released_ = 0;  // rounds below are released
  uint64_t woken_ = 0;     // and their sleepers woken
  uint64_t released_seq_ = 0;
  uint64_t woken_seq_ = 0;
};

}  // namespace stet::wal
