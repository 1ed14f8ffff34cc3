// Fork, wait for a byte through a pipe, kill.
#include "bench/killed_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <absl/time/clock.h>
#include <fmt/format.h>

#include "tools/walbench/raw_file.h"

namespace stet::bench {

absl::Status WorkAndDie(const std::function<absl::Status(const Told& tell)>& work,
                        absl::Duration after) {
  int ends[2] = {};
  if (::pipe2(ends, O_CLOEXEC) != 0) return walbench::ErrnoStatus("pipe2");
  const walbench::Descriptor read_end(ends[0]);
  walbench::Descriptor write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return walbench::ErrnoStatus("fork");
  if (child == 0) {
    const absl::Status status = work([&write_end] {
      return ::write(write_end.get(), "!", 1) == 1 ? absl::OkStatus()
                                                   : walbench::ErrnoStatus("tell the parent");
    });
    fmt::print(stderr, "the process to be killed: {}\n", status.ToString());
    ::_exit(1);
  }
  write_end = walbench::Descriptor();
  char told = 0;
  const bool enough = ::read(read_end.get(), &told, 1) == 1;
  if (enough) absl::SleepFor(after);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (enough && WIFSIGNALED(status)) return absl::OkStatus();
  return absl::InternalError("the process to be killed ended by itself");
}

}  // namespace stet::bench
