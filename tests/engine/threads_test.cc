// A system that gives no more threads: said when nothing can run, gone on with where something can.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/worker_pool.h"
#include "tests/engine/fixture.h"

namespace stet::threads_test {
namespace {

// From now on every thread of this process that makes another is told EAGAIN, as over a limit.
bool RefuseThreads() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = 5, .filter = filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

EngineOptions Options() {
  return {.concurrency = 4,
          .workflows = {{.name = "main"}},
          .activities = {{"nothing", [](ActivityContext&) { return Payload(); }}}};
}

bool Helps(const absl::Status& status) {
  return absl::IsResourceExhausted(status) &&
         status.ToString().find("ulimit -u") != std::string::npos;
}

// Each runs in a process of its own, since a filter stays; the line that went wrong, 0 if none.
int OpenWithoutThreads() {
  if (!RefuseThreads()) return __LINE__;
  EngineOptions options = Options();
  options.workflows[0].tasks = {{.name = "t", .activity = "nothing"}};
  if (!Helps(Engine::Open(options).status())) return __LINE__;
  return 0;
}

int StartWithoutThreads() {
  if (!RefuseThreads()) return __LINE__;
  engine::WorkerPool workers(4, std::make_shared<engine::Inbox>(),
                             std::make_shared<const engine::Activities>());
  if (!Helps(workers.Start(nullptr))) return __LINE__;
  return workers.Shutdown(testing::kPatience) == 0 ? 0 : __LINE__;
}

int GoOnWithOneThread() {
  EngineOptions options = Options();
  for (int i = 0; i < 100; ++i) {
    options.workflows[0].tasks.push_back({.name = fmt::format("t{}", i), .activity = "nothing"});
  }
  std::atomic<int> notes = 0;
  options.on_note = [&](std::string_view note) {
    if (note.find("going on with 1") != note.npos) ++notes;
  };
  auto engine = Engine::Open(options);
  if (!engine.ok() || !RefuseThreads()) return __LINE__;
  if (!(*engine)->Start({.workflow = "main", .key = "k"}).ok()) return __LINE__;
  const auto report = (*engine)->Wait("k", testing::kPatience);
  if (!report.ok() || !report->success()) return __LINE__;
  if (notes != 1 || (*engine)->Stats()->slots != 1) return __LINE__;
  return (*engine)->Close().ok() ? 0 : __LINE__;
}

int InChild(int (*body)()) {
  const int status = testing::Reap(testing::Spawn([body] { _exit(body()); }));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_SUITE_BEGIN("engine");

TEST_CASE("without a thread to be had Open fails, and says what to do") {
  CHECK_EQ(InChild(OpenWithoutThreads), 0);
  CHECK_EQ(InChild(StartWithoutThreads), 0);
}

TEST_CASE("with fewer threads than asked for the engine goes on, and says so") {
  CHECK_EQ(InChild(GoOnWithOneThread), 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::threads_test
