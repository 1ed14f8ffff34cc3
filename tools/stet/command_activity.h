// The activity "command": runs a task's command under supervision.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <absl/time/time.h>
#include <stet/activity.h>

#include "tools/stet/trouble.h"

namespace stet::cli {

struct CommandOptions {
  std::string directory = {};                 // of the engine; absolute
  bool compensates = false;                   // it runs what undoes the task
  size_t output_bytes_max = size_t{1} << 20;  // of standard output that become the task's output
  absl::Duration grace = absl::Seconds(5);    // between TERM and KILL
  // Collects what is stet's failure and no task's.
  std::shared_ptr<Trouble> trouble = std::make_shared<Trouble>();
  // Told what a user should know: an output that was cut, a wait.  From any thread; may be null.
  std::function<void(std::string_view)> note = nullptr;
};

// What stet needs for it (files in DIR, pipes, processes) and cannot have is noted in `trouble`: the attempt then waits until it is stopped.
// Standard output becomes the output (JSON if all of it parses as that, else text); both streams are kept whole in DIR/logs.
// Errors of an attempt: Aborted with the exit status or signal and the last lines of standard error; FailedPrecondition, which is
// not retried, when the program or its folder does not exist or a reference leads nowhere; Cancelled when it was stopped.
Activity CommandActivity(CommandOptions options);

}  // namespace stet::cli
