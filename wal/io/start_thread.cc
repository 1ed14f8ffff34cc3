// Threads, whose creation may fail.
#include "wal/io/start_thread.h"

#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace stet::wal {

absl::StatusOr<std::thread> StartThread(std::string_view purpose, std::function<void()> run) {
  try {
    return std::thread(std::move(run));
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        fmt::format("start {}: {}; see ulimit -u and pids.max of the control group", purpose,
                    error.code().message()));
  }
}

}  // namespace stet::wal
