// Sleeping on a word.
#include "wal/io/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace stet::wal {
namespace {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

}  // namespace

void FutexWait(const std::atomic<uint32_t>* word, uint32_t seen, absl::Duration wait_max) {
  const timespec timeout = absl::ToTimespec(wait_max);
  const bool bounded = wait_max < absl::Hours(1);
  ::syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, bounded ? &timeout : nullptr, nullptr, 0);
}

int FutexWake(const std::atomic<uint32_t>* word, int count) {
  return static_cast<int>(
      ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0));
}

}  // namespace stet::wal
