// Starting and awaiting supervised commands.
#include "tools/stet/supervised_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include <absl/status/status.h>
#include <fmt/format.h>

#include "tools/stet/status_macros.h"

namespace stet::cli {
namespace {

struct Pipe {
  OwnedFd read;
  OwnedFd write;
};

// Both ends at descriptors of at least 10: a child's 0..5 can then be filled in any order.
absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  const OwnedFd low_read(ends[0]);
  const OwnedFd low_write(ends[1]);
  Pipe pipe{.read = OwnedFd(fcntl(ends[0], F_DUPFD_CLOEXEC, 10)),
            .write = OwnedFd(fcntl(ends[1], F_DUPFD_CLOEXEC, 10))};
  if (!pipe.read.valid() || !pipe.write.valid()) {
    return absl::ErrnoToStatus(errno == EINVAL ? EMFILE : errno, "cannot make a pipe");
  }
  return pipe;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> SupervisorArguments(const ProcessSpec& spec) {
  std::vector<std::string> arguments = {"stet", kSuperviseCommand,
                                        fmt::format("{}", absl::ToInt64Milliseconds(spec.grace)),
                                        spec.cwd};
  arguments.insert(arguments.end(), spec.argv.begin(), spec.argv.end());
  return arguments;
}

// Runs this program again as the supervisor.  `fds` become its descriptors 0, 1, 2...
int Spawn(ProcessSpec& spec, const std::vector<int>& fds, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  for (size_t i = 0; i < fds.size(); ++i) {
    posix_spawn_file_actions_adddup2(&actions, fds[i], static_cast<int>(i));
  }
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  // A session of its own: Ctrl-C at the terminal reaches stet alone, which stops its commands in order.
  posix_spawnattr_setflags(
      &attributes,
      static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID));
  std::vector<std::string> arguments = SupervisorArguments(spec);
  const int error = posix_spawn(&pid, spec.supervisor.c_str(), &actions, &attributes,
                                Pointers(arguments).data(), Pointers(spec.environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

absl::StatusOr<SupervisedProcess> SupervisedProcess::Start(ProcessSpec spec) {
  constexpr int kCreate = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
  STET_ASSIGN_OR_RETURN(const OwnedFd nothing, OpenFile("/dev/null", O_RDONLY));
  STET_ASSIGN_OR_RETURN(const OwnedFd out, OpenFile(spec.stdout_path, kCreate));
  STET_ASSIGN_OR_RETURN(const OwnedFd err, OpenFile(spec.stderr_path, kCreate));
  STET_ASSIGN_OR_RETURN(Pipe lifeline, MakePipe());
  STET_ASSIGN_OR_RETURN(Pipe verdict, MakePipe());
  const std::vector<int> fds = {nothing.get(),       out.get(),           err.get(),
                                lifeline.read.get(), verdict.write.get(), spec.group_lock.get()};
  SupervisedProcess process;
  if (const int error = Spawn(spec, fds, process.supervisor_); error != 0) {
    constexpr char kWhat[] = "cannot start the supervisor of the command";
    if (error != E2BIG) return absl::ErrnoToStatus(error, kWhat);
    return absl::FailedPreconditionError(
        fmt::format("{}: its arguments and environment are too long; give long outputs as files "
                    "($STET_OUTPUT_ID)",
                    kWhat));
  }
  process.lifeline_ = std::move(lifeline.write);
  process.verdict_ = std::move(verdict.read);
  return process;
}

SupervisedProcess::~SupervisedProcess() {
  if (!verdict_.valid()) return;
  Stop();
  while (true) {
    const auto ended = WaitFor(absl::InfiniteDuration());
    if (!ended.ok() || ended->has_value()) return;
  }
}

absl::StatusOr<std::optional<Verdict>> SupervisedProcess::WaitFor(absl::Duration timeout) {
  pollfd poller = {.fd = verdict_.get(), .events = POLLIN, .revents = 0};
  const int timeout_ms = timeout == absl::InfiniteDuration()
                             ? -1
                             : static_cast<int>(absl::ToInt64Milliseconds(timeout));
  if (poll(&poller, 1, timeout_ms) <= 0) return std::nullopt;
  char buffer[4096];
  const ssize_t n = read(verdict_.get(), buffer, sizeof buffer);
  if (n < 0 && errno == EINTR) return std::nullopt;
  if (n > 0) {
    text_.append(buffer, static_cast<size_t>(n));
    return std::nullopt;  // It is complete when the pipe is closed.
  }
  Reap();
  STET_ASSIGN_OR_RETURN(Verdict verdict, Verdict::Decode(text_));
  return verdict;
}

void SupervisedProcess::Reap() {
  verdict_.Close();
  lifeline_.Close();
  while (waitpid(supervisor_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace stet::cli
