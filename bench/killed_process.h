// A process that works until it is killed.
#pragma once

#include <functional>

#include <absl/status/status.h>
#include <absl/time/time.h>

namespace stet::bench {

// Forks; the child does `work`, which calls what it is given once it has done enough, and goes on; some time
// after that it is killed.  Returns when it is dead.  Errors: `work` came back; those of the system.
using Told = std::function<absl::Status()>;
absl::Status WorkAndDie(const std::function<absl::Status(const Told& tell)>& work,
                        absl::Duration after);

}  // namespace stet::bench
