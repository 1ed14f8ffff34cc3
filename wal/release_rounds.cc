// Who waits for what.
#include "wal/release_rounds.h"

#include <cassert>
#include <limits>

#include "wal/io/futex.h"

namespace stet::wal {

// A slot may change hands while it is looked at, 64 rounds later.  Then the ticket is for the later
// round, which sleeps on the same word and is released after this one: the sleeper is not lost.
ReleaseRounds::Ticket ReleaseRounds::TicketFor(uint64_t seq) {
  const uint64_t open = open_.load();
  uint64_t round = first_.load();
  while (round < open && last_seqs_[round % kRounds].load() < seq) ++round;
  std::atomic<uint32_t>* const word = &words_[round % kRounds];
  return {.word = word, .seen = word->load()};
}

void ReleaseRounds::Sleep(const Ticket& ticket) {
  FutexWait(ticket.word, ticket.seen, absl::InfiniteDuration());
}

void ReleaseRounds::Take(uint64_t last_seq) {
  assert(!full());
  const uint64_t round = open_.load();
  last_seqs_[round % kRounds].store(last_seq);
  open_.store(round + 1);
}

bool ReleaseRounds::Release(uint64_t seq) {
  while (released_ < open_.load() && last_seqs_[released_ % kRounds].load() <= seq) {
    released_seq_ = last_seqs_[released_ % kRounds].load();
    ++released_;
  }
  first_.store(released_);
  return woken_ < released_;
}

uint64_t ReleaseRounds::WakeReleased() {
  uint64_t sleepers = 0;
  while (woken_ < released_) sleepers += WakeRound(woken_++);
  woken_seq_ = released_seq_;
  return sleepers;
}

void ReleaseRounds::WakeAll() {
  for (uint64_t round = 0; round < kRounds; ++round) WakeRound(round);
}

uint64_t ReleaseRounds::WakeRound(uint64_t round) {
  std::atomic<uint32_t>* const word = &words_[round % kRounds];
  word->fetch_add(1);
  const int woken = FutexWake(word, std::numeric_limits<int>::max());
  return woken > 0 ? static_cast<uint64_t>(woken) : 0;
}

}  // namespace stet::wal
