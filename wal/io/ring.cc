// An io_uring: the ladder of flags.
#include "wal/io/ring.h"

#include <errno.h>

#include <string>
#include <system_error>

#include <fmt/format.h>

namespace stet::wal {
namespace {

struct Rung {
  Ring::Grade grade;
  unsigned flags;
};

// DEFER_TASKRUN is of 6.1, COOP_TASKRUN of 5.19.  No SQPOLL (it takes a core), no IOPOLL (it
// forbids flushes).
constexpr Rung kLadder[] = {
    {Ring::Grade::kDeferred, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL |
                                 IORING_SETUP_CLAMP},
    {Ring::Grade::kCooperative,
     IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_CLAMP},
    {Ring::Grade::kPlain, 0},
};

const char* HintOf(int error) {
  switch (error) {
    case EPERM:
      return " (refused by a seccomp filter or by kernel.io_uring_disabled)";
    case ENOSYS:
      return " (the kernel has none)";
    case ENOMEM:
      return " (over the limit of locked memory)";
    default:
      return "";
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ring>> Ring::Create(unsigned entries) {
  std::unique_ptr<Ring> ring(new Ring);
  int result = 0;
  for (const Rung& rung : kLadder) {
    io_uring_params params{};
    params.flags = rung.flags;
    result = io_uring_queue_init_params(entries, &ring->ring_, &params);
    if (result == 0) {
      ring->made_ = true;
      ring->grade_ = rung.grade;
      // What is punted to the kernel's workers (flushes, buffered writes) needs no crowd of them.
      unsigned workers[2] = {2, 2};
      io_uring_register_iowq_max_workers(&ring->ring_, workers);
      return ring;
    }
    if (result != -EINVAL) break;
  }
  return absl::UnavailableError(
      fmt::format("io_uring: {}{}", std::generic_category().message(-result), HintOf(-result)));
}

Ring::~Ring() {
  if (made_) io_uring_queue_exit(&ring_);
}

bool Ring::WantsEnter() const {
  const unsigned flags = __atomic_load_n(ring_.sq.kflags, __ATOMIC_ACQUIRE);
  return (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

}  // namespace stet::wal
