// A test that dies while its disk is mounted: the process that serves the disk ends, too.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include <doctest/doctest.h>

#include "tests/crash/disk_stage.h"

namespace stet::wal {
namespace {

// What is written is still in memory when the process ends: to unmount is to write it.
[[noreturn]] void DieWithADirtyDisk() {
  if (!EnterOwnMounts().empty()) ::_exit(1);
  DiskStage stage(FileSystem::kExt4);
  const std::unique_ptr<MountedDisk> mount = stage.NewMount();
  const int fd = ::open(stage.LogDirectory().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const std::string text(64 << 10, 'x');
  if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(2);
  ::kill(::getpid(), SIGKILL);
  ::_exit(3);
}

// Whether all children end within `seconds`.
bool AllEnd(int seconds) {
  constexpr int kPerSecond = 50;
  for (int i = 0; i < seconds * kPerSecond; ++i) {
    pid_t ended = 0;
    do {
      ended = ::waitpid(-1, nullptr, WNOHANG);
    } while (ended > 0);
    if (ended < 0) return true;
    ::usleep(1'000'000 / kPerSecond);
  }
  return false;
}

}  // namespace

TEST_SUITE("a test that dies") {
  TEST_CASE("leaves nobody behind who serves its disk") {
    const TempDirectory directory;
    // Whoever loses its parent becomes a child of this process.
    REQUIRE_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      if (::chdir(directory.path().c_str()) != 0) ::_exit(4);
      DieWithADirtyDisk();
    }
    int status = 0;
    REQUIRE_EQ(::waitpid(child, &status, 0), child);
    REQUIRE(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGKILL);
    CHECK(AllEnd(30));
  }
}

}  // namespace stet::wal
