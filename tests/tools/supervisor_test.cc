// Commands under their supervisor: results, stopping, and that nothing outlives the lifeline.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <absl/time/clock.h>
#include <doctest/doctest.h>

#include "tools/stet/group_locks.h"
#include "tools/stet/log_tail.h"
#include "tools/stet/supervised_process.h"

namespace stet::cli::supervisor_test {
namespace {

// A folder, and commands run in it by /bin/sh.
class SupervisorTest {
 public:
  SupervisorTest() {
    char name[] = "/tmp/stet-supervisor-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    folder_ = name;
    std::filesystem::create_directory(folder_ + "/run");
  }
  ~SupervisorTest() { std::filesystem::remove_all(folder_); }

  SupervisedProcess Start(const std::string& script) { return StartProgram({"sh", "-c", script}); }

  SupervisedProcess StartProgram(std::vector<std::string> argv, std::string cwd = {}) {
    auto lock = LockGroup(folder_ + "/run/1.group", "the test\n");
    REQUIRE(lock.ok());
    auto process = SupervisedProcess::Start({.supervisor = getenv("STET_EXE"),
                                             .argv = std::move(argv),
                                             .cwd = cwd.empty() ? folder_ : std::move(cwd),
                                             .environment = {"PATH=/usr/bin:/bin"},
                                             .grace = absl::Milliseconds(200),
                                             .stdout_path = folder_ + "/out",
                                             .stderr_path = folder_ + "/err",
                                             .group_lock = *std::move(lock)});
    REQUIRE_MESSAGE(process.ok(), process.status().ToString());
    return *std::move(process);
  }

  static Verdict Await(SupervisedProcess& process) {
    const absl::Time give_up = absl::Now() + absl::Seconds(20);
    while (absl::Now() < give_up) {
      const auto verdict = process.WaitFor(absl::Milliseconds(100));
      REQUIRE_MESSAGE(verdict.ok(), verdict.status().ToString());
      if (verdict->has_value()) return **verdict;
    }
    FAIL("the command does not end");
    return {};
  }

  std::string Out() const { return *ReadFile(folder_ + "/out"); }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  // The number in a file that a command writes, as soon as it is there.
  pid_t PidIn(const std::string& name) const {
    for (int i = 0; i < 200; ++i) {
      const auto text = ReadFile(Path(name));
      if (text.ok() && !text->empty() && text->back() == '\n') return std::stoi(*text);
      absl::SleepFor(absl::Milliseconds(20));
    }
    FAIL("no pid in " << name);
    return 0;
  }

  absl::Status WaitForGroups(int polls_max) const {
    return WaitForOldGroups(
        folder_, [](std::string_view) {}, [&polls_max] { return polls_max-- == 0; });
  }

 private:
  std::string folder_;
};

// Running, and no zombie that its new parent has yet to collect.
bool IsAlive(pid_t pid) {
  const auto stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
  return stat.ok() && stat->substr(stat->rfind(')') + 2, 1) != "Z";
}

TEST_SUITE("supervisor") {
  TEST_CASE_FIXTURE(SupervisorTest, "exit status, signal and output are told") {
    SupervisedProcess fine = Start("echo hello; echo oops >&2");
    CHECK_EQ(Await(fine).value, 0);
    CHECK_EQ(Out(), "hello\n");
    CHECK_EQ(LastLines(Path("err")), "oops");
    SupervisedProcess bad = Start("exit 7");
    CHECK_EQ(Await(bad).value, 7);
    SupervisedProcess killed = Start("kill -9 $$");
    const Verdict verdict = Await(killed);
    CHECK_EQ(verdict.kind, Verdict::Kind::kSignalled);
    CHECK_EQ(verdict.value, 9);
    CHECK_FALSE(verdict.stopped);
  }

  TEST_CASE_FIXTURE(SupervisorTest, "a program or folder that is not there is told") {
    SupervisedProcess program = StartProgram({"no-such-program"});
    const Verdict missing = Await(program);
    CHECK_EQ(missing.kind, Verdict::Kind::kNotStarted);
    CHECK_EQ(missing.value, ENOENT);
    SupervisedProcess folder = StartProgram({"true"}, "/no/such/folder");
    CHECK_EQ(Await(folder).kind, Verdict::Kind::kNotStarted);
  }

  TEST_CASE_FIXTURE(SupervisorTest, "a stop reaches the group, even one that ignores TERM") {
    SupervisedProcess process = Start(
        "trap '' TERM; sleep 100 & echo $! > child; echo $$ > self; while :; do sleep 1; done");
    const pid_t self = PidIn("self");
    const pid_t child = PidIn("child");
    process.Stop();
    const Verdict verdict = Await(process);
    CHECK(verdict.stopped);
    CHECK_EQ(verdict.value, SIGKILL);
    CHECK_FALSE(IsAlive(self));
    CHECK_FALSE(IsAlive(child));
  }

  TEST_CASE_FIXTURE(SupervisorTest, "what a command leaves in the background is stopped") {
    SupervisedProcess process = Start(
        "setsid sh -c 'echo $$ > away; sleep 100' & while [ ! -s away ]; do sleep 0.01; done");
    const pid_t away = PidIn("away");
    const Verdict verdict = Await(process);
    CHECK_EQ(verdict.value, 0);
    CHECK_FALSE(IsAlive(away));
  }

  TEST_CASE_FIXTURE(SupervisorTest, "the group's lock is free only when its last process is gone") {
    SupervisedProcess process = Start("trap '' TERM; echo $$ > self; while :; do sleep 1; done");
    const pid_t self = PidIn("self");
    CHECK_FALSE(WaitForGroups(2).ok());
    process.Stop();
    CHECK(WaitForGroups(1000).ok());
    CHECK_FALSE(IsAlive(self));
    CHECK_FALSE(std::filesystem::exists(Path("run/1.group")));
  }

  TEST_CASE_FIXTURE(SupervisorTest, "a killed supervisor takes its command along") {
    SupervisedProcess process = Start("echo $$ > self; exec sleep 100");
    const pid_t self = PidIn("self");
    kill(process.supervisor(), SIGKILL);
    CHECK(WaitForGroups(1000).ok());
    CHECK_FALSE(IsAlive(self));
    absl::StatusOr<std::optional<Verdict>> ended = std::nullopt;
    while (ended.ok() && !ended->has_value()) ended = process.WaitFor(absl::Milliseconds(100));
    CHECK_EQ(ended.status().code(), absl::StatusCode::kDataLoss);
  }

  TEST_CASE_FIXTURE(SupervisorTest, "the lock outlives a killed supervisor and its command") {
    SupervisedProcess process =
        Start("sleep 100 & echo $! > child; echo $$ > self; exec sleep 100");
    const pid_t child = PidIn("child");
    const pid_t self = PidIn("self");
    kill(process.supervisor(), SIGKILL);
    absl::StatusOr<std::optional<Verdict>> ended = std::nullopt;
    while (ended.ok() && !ended->has_value()) ended = process.WaitFor(absl::Milliseconds(100));
    CHECK_EQ(ended.status().code(), absl::StatusCode::kDataLoss);
    int polls = 5;
    CHECK_FALSE(RemoveGroup(Path("run/1.group"), [&polls] { return polls-- == 0; }));
    CHECK(IsAlive(child));
    CHECK(std::filesystem::exists(Path("run/1.group")));
    CHECK_FALSE(WaitForGroups(2).ok());
    kill(child, SIGKILL);
    CHECK(RemoveGroup(Path("run/1.group"), [] { return false; }));
    CHECK_FALSE(IsAlive(self));
    CHECK_FALSE(std::filesystem::exists(Path("run/1.group")));
  }

  TEST_CASE("verdicts survive their encoding; other text is none") {
    const Verdict verdict = {.kind = Verdict::Kind::kNotStarted, .value = 2, .what = "run a b"};
    const auto decoded = Verdict::Decode(verdict.Encode());
    REQUIRE(decoded.ok());
    CHECK_EQ(decoded->kind, verdict.kind);
    CHECK_EQ(decoded->value, 2);
    CHECK_EQ(decoded->what, "run a b");
    for (const char* text : {"", "0 0", "0 0 0 ", "x\n", "9 0 0 \n"}) {
      CHECK_FALSE(Verdict::Decode(text).ok());
    }
  }
}

}  // namespace
}  // namespace stet::cli::supervisor_test
