// Sleeping on a word until somebody changes it: one system call wakes all who sleep on it.
#pragma once

#include <atomic>
#include <cstdint>

#include <absl/time/time.h>

namespace stet::wal {

// Sleeps while `word` holds `seen`, for at most `wait_max`.  May return early.  Unlike
// std::atomic::wait it never yields first: with many sleepers on few processors each yield is a
// change of threads that serves nobody.
void FutexWait(const std::atomic<uint32_t>* word, uint32_t seen, absl::Duration wait_max);

// Wakes at most `count` of those who sleep on `word`; returns how many.
int FutexWake(const std::atomic<uint32_t>* word, int count);

}  // namespace stet::wal
