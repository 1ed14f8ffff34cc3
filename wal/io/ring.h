// An io_uring: made with the best flags that the kernel grants, torn down by its destructor.
#pragma once

#include <liburing.h>

#include <memory>
#include <span>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace stet::wal {

// For the thread that made it: SINGLE_ISSUER refuses others.
class Ring {
 public:
  // How much the kernel granted, from best to least.
  enum class Grade { kDeferred, kCooperative, kPlain };

  // One set of flags to try.
  struct Rung {
    Grade grade = Grade::kPlain;
    unsigned flags = 0;
    const char* name = "";
  };

  // From best to least.
  static std::span<const Rung> Ladder();

  // The first of `ladder` that the kernel grants.
  // Errors: Unavailable with the reason (EPERM: seccomp or kernel.io_uring_disabled; ENOSYS;
  // ENOMEM).
  static absl::StatusOr<std::unique_ptr<Ring>> Create(unsigned entries,
                                                      std::span<const Rung> ladder = Ladder());

  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring();

  io_uring* get() { return &ring_; }
  Grade grade() const { return grade_; }

  // The flags that it was made with, by name; and each better set of flags that was refused, with
  // the reason.
  const std::string& setup() const { return setup_; }
  const std::string& refused() const { return refused_; }

  // Whether a chain can be told to complete once (5.17).
  bool skips_completions() const { return (ring_.features & IORING_FEAT_CQE_SKIP) != 0; }

  // Whether the kernel waits for a system call of ours to deliver completions.
  bool WantsEnter() const;

 private:
  Ring() = default;
  void LimitWorkers();

  io_uring ring_{};
  Grade grade_ = Grade::kPlain;
  std::string setup_ = {};
  std::string refused_ = {};
  bool made_ = false;
};

}  // namespace stet::wal
