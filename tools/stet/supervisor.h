// The small process between stet and a command, which sees to it that nothing of the command outlives its stet.
//
//   stet ── posix_spawn ──> stet __supervise ── fork ──> the command, in a process group of its own
//     │  writes: lifeline  ──>  │                            └─ its children ...
//     └─ reads:  verdict  <─────┘
//
// While the lifeline (a pipe) is open the command runs.  When it closes, because stet wants the command stopped or because stet is dead,
// the whole group gets TERM, after the grace period KILL, and with it every other descendant: the supervisor is their subreaper.
// When the command ends by itself, what it left in the background is stopped the same way.  Only when all are gone does the
// supervisor write its verdict and end.  The descriptor of the group's lock file is inherited by all of them, so that the lock is
// free exactly when the last of them is gone, even if the supervisor itself was killed.
#pragma once

#include <string>

#include <absl/status/statusor.h>

namespace stet::cli {

inline constexpr char kSuperviseCommand[] = "__supervise";

// The descriptors a supervisor is started with, besides 0 (nothing), 1 and 2 (the command's logs).
inline constexpr int kLifelineFd = 3;
inline constexpr int kVerdictFd = 4;
inline constexpr int kGroupLockFd = 5;

// How a command ended.
struct Verdict {
  enum class Kind { kExited, kSignalled, kNotStarted };
  Kind kind = Kind::kExited;
  int value = 0;          // the exit status, the signal, or the errno
  bool stopped = false;   // it was told to stop
  std::string what = {};  // kNotStarted: what failed

  std::string Encode() const;
  // Errors: DataLoss when `text` is no verdict: the supervisor was killed.
  static absl::StatusOr<Verdict> Decode(const std::string& text);
};

// The program `stet __supervise GRACE_MS CWD COMMAND ARG...` (CWD may be empty).  Answers its exit status.
int Supervise(int argc, char** argv);

}  // namespace stet::cli
