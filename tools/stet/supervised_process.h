// A command running under its supervisor, as stet sees it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "tools/stet/files.h"
#include "tools/stet/supervisor.h"

namespace stet::cli {

struct ProcessSpec {
  std::string supervisor = "/proc/self/exe";  // the program stet
  std::vector<std::string> argv = {};
  std::string cwd = {};
  std::vector<std::string> environment = {};  // "NAME=value"
  absl::Duration grace = absl::Seconds(5);    // between TERM and KILL
  std::string stdout_path = {};               // created
  std::string stderr_path = {};               // created
  OwnedFd group_lock = {};                    // held by the group until its last process is gone
};

// Stops the command and waits for it when destroyed.
class SupervisedProcess {
 public:
  // Errors: those of creating the files and of posix_spawn; FailedPrecondition when arguments and environment are too long.
  static absl::StatusOr<SupervisedProcess> Start(ProcessSpec spec);
  SupervisedProcess(SupervisedProcess&&) = default;
  SupervisedProcess& operator=(SupervisedProcess&&) = delete;
  ~SupervisedProcess();

  pid_t supervisor() const { return supervisor_; }

  // Waits at most `timeout` for the end of the whole group; nothing when it still runs.
  // Errors: DataLoss when the supervisor vanished without a verdict.
  absl::StatusOr<std::optional<Verdict>> WaitFor(absl::Duration timeout);

  // Asks the supervisor to stop the group.  WaitFor still tells its end.
  void Stop() { lifeline_.Close(); }

 private:
  SupervisedProcess() = default;
  void Reap();

  pid_t supervisor_ = 0;
  OwnedFd lifeline_;
  OwnedFd verdict_;
  std::string text_;  // of the verdict, as far as it was read
};

}  // namespace stet::cli
