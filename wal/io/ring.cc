// An io_uring: the ladder of flags.
#include "wal/io/ring.h"

#include <errno.h>

#include <string>
#include <system_error>

#include <fmt/format.h>

namespace stet::wal {
namespace {

// DEFER_TASKRUN is of 6.1, COOP_TASKRUN of 5.19.  No SQPOLL (it takes a core), no IOPOLL (it
// forbids flushes).
constexpr Ring::Rung kLadder[] = {
    {Ring::Grade::kDeferred,
     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
         IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP,
     "SINGLE_ISSUER|DEFER_TASKRUN"},
    {Ring::Grade::kCooperative,
     IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_CLAMP, "COOP_TASKRUN"},
    {Ring::Grade::kPlain, 0, "no flags"},
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

std::span<const Ring::Rung> Ring::Ladder() { return kLadder; }

absl::StatusOr<std::unique_ptr<Ring>> Ring::Create(unsigned entries, std::span<const Rung> ladder) {
  std::unique_ptr<Ring> ring(new Ring);
  for (const Rung& rung : ladder) {
    io_uring_params params{};
    params.flags = rung.flags;
    const int result = io_uring_queue_init_params(entries, &ring->ring_, &params);
    if (result == 0) {
      ring->made_ = true;
      ring->grade_ = rung.grade;
      ring->setup_ = rung.name;
      ring->LimitWorkers();
      return ring;
    }
    if (!ring->refused_.empty()) ring->refused_ += ", ";
    ring->refused_ += fmt::format("{}: {}{}", rung.name, std::generic_category().message(-result),
                                  HintOf(-result));
    // Neither depends on the flags.
    if (result == -EPERM || result == -ENOSYS) break;
  }
  return absl::UnavailableError(fmt::format("io_uring: {}", ring->refused_));
}

// What is punted to the kernel's workers (flushes, buffered writes) needs no crowd of them.
void Ring::LimitWorkers() {
  unsigned workers[2] = {2, 2};
  const int result = io_uring_register_iowq_max_workers(&ring_, workers);
  if (result < 0) setup_ += ", workers not limited: " + std::generic_category().message(-result);
}

Ring::~Ring() {
  if (made_) io_uring_queue_exit(&ring_);
}

bool Ring::WantsEnter() const {
  const unsigned flags = __atomic_load_n(ring_.sq.kflags, __ATOMIC_ACQUIRE);
  return (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

}  // namespace stet::wal
