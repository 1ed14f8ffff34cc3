// The supervising process.
#include "tools/stet/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "tools/stet/descendants.h"

namespace stet::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kKillAgain(20);

struct CommandLine {
  std::chrono::milliseconds grace = {};
  const char* cwd = "";
  char** argv = nullptr;
};

// What the child says when it cannot become the command.
struct StartFailure {
  int error = 0;
  char step = 0;  // 'd' folder, 'x' program
};

[[noreturn]] void BecomeCommand(const CommandLine& line, int failure_fd, pid_t supervisor) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  setpgid(0, 0);
  // If the supervisor is killed, at least the command itself goes with it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(1);
  close(kLifelineFd);
  close(kVerdictFd);
  StartFailure failure;
  if (line.cwd[0] != '\0' && chdir(line.cwd) != 0) {
    failure = {.error = errno, .step = 'd'};
  } else {
    execvp(line.argv[0], line.argv);
    failure = {.error = errno, .step = 'x'};
  }
  (void)!write(failure_fd, &failure, sizeof failure);
  _exit(127);
}

// Starts the command; a failure to do so ends up in `verdict`.
pid_t StartCommand(const CommandLine& line, Verdict& verdict) {
  const auto not_started = [&](int error, std::string what) {
    verdict = {.kind = Verdict::Kind::kNotStarted, .value = error, .what = std::move(what)};
    return pid_t{-1};
  };
  int failure_pipe[2];
  if (pipe2(failure_pipe, O_CLOEXEC) != 0) return not_started(errno, "pipe");
  const pid_t self = getpid();
  const pid_t child = fork();
  if (child < 0) return not_started(errno, "fork");
  if (child == 0) BecomeCommand(line, failure_pipe[1], self);
  setpgid(child, child);  // Both sides do: whoever comes first.
  close(failure_pipe[1]);
  StartFailure failure;
  const ssize_t n = read(failure_pipe[0], &failure, sizeof failure);
  close(failure_pipe[0]);
  if (n != sizeof failure) return child;
  waitpid(child, nullptr, 0);
  return failure.step == 'd'
             ? not_started(failure.error, std::string("change to folder ") + line.cwd)
             : not_started(failure.error, std::string("run ") + line.argv[0]);
}

// Watches one command from its start to the end of its last descendant.
class Watch {
 public:
  Watch(const CommandLine& line, pid_t command, int signals)
      : line_(line), command_(command), signals_(signals) {}

  Verdict Run() {
    while (Reap()) {
      if (command_gone_ && !stopping_) Stop();
      Sleep();
      if (stopping_ && Clock::now() >= next_signal_) {
        Signal(SIGKILL);
        next_signal_ = Clock::now() + kKillAgain;
      }
    }
    return verdict_;
  }

 private:
  // Collects those that ended.  False when nobody is left.
  bool Reap() {
    while (true) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, WNOHANG);
      if (pid == 0) return true;
      if (pid < 0) return errno == EINTR;
      if (pid != command_) continue;
      command_gone_ = true;
      verdict_.stopped = stopping_;
      verdict_.kind = WIFEXITED(status) ? Verdict::Kind::kExited : Verdict::Kind::kSignalled;
      verdict_.value = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    }
  }

  void Sleep() {
    int timeout_ms = -1;
    if (stopping_) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(next_signal_ - Clock::now());
      timeout_ms = left.count() < 0 ? 0 : static_cast<int>(left.count()) + 1;
    }
    pollfd fds[2] = {{.fd = signals_, .events = POLLIN, .revents = 0},
                     {.fd = stopping_ ? -1 : kLifelineFd, .events = POLLIN, .revents = 0}};
    if (poll(fds, 2, timeout_ms) <= 0) return;
    if (fds[0].revents != 0) {
      signalfd_siginfo info;
      const bool got = read(signals_, &info, sizeof info) == sizeof info;
      if (got && info.ssi_signo != SIGCHLD && !stopping_) Stop();
    }
    if (fds[1].revents != 0 && !stopping_) Stop();
  }

  void Stop() {
    stopping_ = true;
    Signal(SIGTERM);
    Signal(SIGCONT);  // A stopped process could not end.
    next_signal_ = Clock::now() + line_.grace;
  }

  void Signal(int signal) const {
    // Once the command is reaped its group may be empty, and the number another's.
    if (!command_gone_) kill(-command_, signal);
    // Those that left the group (setsid), or outlived the command, are still descendants.
    for (const pid_t pid : DescendantsOf(getpid())) kill(pid, signal);
  }

  const CommandLine line_;
  const pid_t command_;
  const int signals_;
  bool command_gone_ = false;
  bool stopping_ = false;
  Clock::time_point next_signal_ = {};
  Verdict verdict_;
};

// Closed pipe: stet is gone, before the command was started.
bool StetIsGone() {
  pollfd lifeline = {.fd = kLifelineFd, .events = POLLIN, .revents = 0};
  return poll(&lifeline, 1, 0) > 0;
}

int BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

int Supervise(int argc, char** argv) {
  if (argc < 5 || fcntl(kLifelineFd, F_GETFD) < 0 || fcntl(kVerdictFd, F_GETFD) < 0) return 2;
  const CommandLine line = {
      .grace = std::chrono::milliseconds(std::atoi(argv[2])), .cwd = argv[3], .argv = argv + 4};
  signal(SIGPIPE, SIG_IGN);
  const int signals = BlockSignals();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (StetIsGone()) return 0;
  Verdict verdict;
  const pid_t command = StartCommand(line, verdict);
  if (command > 0) verdict = Watch(line, command, signals).Run();
  const std::string text = verdict.Encode();
  return write(kVerdictFd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1;
}

}  // namespace stet::cli
