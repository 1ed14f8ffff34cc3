// Starting and killing.
#include "tests/crash/writer_process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cassert>
#include <cstring>
#include <filesystem>
#include <new>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

namespace stet::wal {

WriterProcess::WriterProcess() {
  fd_ = ::memfd_create("crash-writer", 0);  // The writer inherits it.
  REQUIRE(fd_ >= 0);
  REQUIRE_EQ(::ftruncate(fd_, sizeof(SharedPlan)), 0);
  void* memory = ::mmap(nullptr, sizeof(SharedPlan), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  REQUIRE(memory != MAP_FAILED);
  shared_ = new (memory) SharedPlan;
}

WriterProcess::~WriterProcess() {
  if (pid_ > 0) Kill();
  ::munmap(shared_, sizeof(SharedPlan));
  ::close(fd_);
}

void WriterProcess::SetDirectory(const std::string& directory) {
  REQUIRE(directory.size() < sizeof(plan().directory));
  std::memcpy(plan().directory, directory.c_str(), directory.size() + 1);
}

void WriterProcess::Forget(uint64_t last_seq) {
  Promises& promises = *new (&shared_->promises) Promises;
  promises.appending = last_seq;
  promises.released = last_seq;
  promises.written = last_seq;
  promises.durable = last_seq;
}

void WriterProcess::Start() {
  assert(pid_ <= 0);
  // Beside the test's own program.
  std::string path =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "crash_writer");
  std::string fd = std::to_string(fd_);
  char* arguments[] = {path.data(), fd.data(), nullptr};
  ending_ = {};
  openings_before_ = promises().openings;
  REQUIRE_EQ(::posix_spawn(&pid_, path.c_str(), nullptr, nullptr, arguments, environ), 0);
}

Ending WriterProcess::Reap(int options) {
  int status = 0;
  pid_t ended = 0;
  do {
    ended = ::waitpid(pid_, &status, options);
  } while (ended < 0 && errno == EINTR);
  if (ended != pid_) return {};
  pid_ = -1;
  ending_.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (WIFEXITED(status)) ending_.code = static_cast<WriterExit>(WEXITSTATUS(status));
  if (WIFSIGNALED(status) && !ending_.killed) {
    ending_.error = fmt::format("signal {}", WTERMSIG(status));
  }
  if (WIFEXITED(status)) ending_.error = shared_->error;
  return ending_;
}

void WriterProcess::WaitOpened(absl::Duration wait_max) {
  const absl::Time end = absl::Now() + wait_max;
  while (promises().openings == openings_before_ && absl::Now() < end && Running()) ::usleep(500);
}

bool WriterProcess::Running() {
  if (pid_ > 0) Reap(WNOHANG);
  return pid_ > 0;
}

void WriterProcess::WaitReleased(uint64_t at_least, absl::Duration wait_max) {
  const absl::Time end = absl::Now() + wait_max;
  while (promises().released < at_least && absl::Now() < end && Running()) ::usleep(500);
}

Ending WriterProcess::Kill() {
  if (!Running()) return ending_;
  ::kill(pid_, SIGKILL);
  return Reap(0);
}

Ending WriterProcess::Wait() {
  const absl::Time end = absl::Now() + absl::Minutes(1);
  while (Running() && absl::Now() < end) ::usleep(500);
  return Kill();
}

std::string WriterProcess::Describe() const {
  const Promises& p = shared_->promises;
  return fmt::format("appending {}, released {}, written {}, durable {}, witnessed {}, openings {}",
                     p.appending.load(), p.released.load(), p.written.load(), p.durable.load(),
                     p.witnessed.load(), p.openings.load());
}

}  // namespace stet::wal
