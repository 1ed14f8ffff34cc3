// A kernel that refuses io_uring is no error: the log uses plain calls, and says why.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include <doctest/doctest.h>

#include "stet/wal/log.h"
#include "stet/wal/storage.h"
#include "tests/wal/temp_directory.h"

namespace stet::wal::uring_refused_test {
namespace {

// As a container runtime does it.
bool RefuseRings() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = 4, .filter = filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Runs in a process of its own, since a filter stays; the line that went wrong, 0 if none.
int UseLogWithoutRings(const std::string& directory) {
  if (!RefuseRings()) return __LINE__;
  const absl::Status forced = OpenStorage(Backend::kUring).status();
  if (!absl::IsUnavailable(forced)) return __LINE__;
  auto storage = OpenStorage(Backend::kAuto);
  if (!storage.ok() || (*storage)->name() != "posix") return __LINE__;
  if ((*storage)->note().find("io_uring") == std::string::npos) return __LINE__;
  auto log = Log::Open({.directory = directory, .create = true});
  if (!log.ok()) return __LINE__;
  const auto seq = (*log)->Append("without a ring");
  if (!seq.ok() || !(*log)->Sync(*seq).ok()) return __LINE__;
  if ((*log)->recovery().storage_note.find("io_uring") == std::string::npos) return __LINE__;
  if ((*log)->stats().storage != "posix" || (*log)->stats().storage_note.empty()) return __LINE__;
  if (!(*log)->Close().ok()) return __LINE__;
  const absl::Status refused =
      Log::Open({.directory = directory, .backend = Backend::kUring}).status();
  if (!absl::IsUnavailable(refused)) return __LINE__;
  return 0;
}

TEST_SUITE("wal::Storage without io_uring") {
  TEST_CASE("a refused ring falls back to plain calls and is named; forced, it is an error") {
    const TempDirectory directory;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const int line = UseLogWithoutRings(directory.path());
      ::_exit(line > 255 ? 255 : line);
    }
    int status = 0;
    REQUIRE_EQ(::waitpid(child, &status, 0), child);
    REQUIRE(WIFEXITED(status));
    CHECK_MESSAGE(WEXITSTATUS(status) == 0, "line ", WEXITSTATUS(status));
  }
}

}  // namespace
}  // namespace stet::wal::uring_refused_test
