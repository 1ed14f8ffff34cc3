// Helpers of engine tests.
#include "tests/engine/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

namespace stet::testing {

TempDirectory::TempDirectory() {
  const char* base = getenv("TMPDIR");
  path_ = fmt::format("{}/stet-engine-XXXXXX", base == nullptr ? "/tmp" : base);
  REQUIRE(mkdtemp(path_.data()) != nullptr);
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<Engine> MustOpen(EngineOptions options) {
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(std::move(options));
  REQUIRE_MESSAGE(engine.ok(), engine.status().ToString());
  return *std::move(engine);
}

ExecutionReport MustWait(Engine& engine, std::string_view execution) {
  absl::StatusOr<ExecutionReport> report = engine.Wait(execution, kPatience);
  REQUIRE_MESSAGE(report.ok(), report.status().ToString());
  return *std::move(report);
}

Started MustStart(Engine& engine, std::string key, Payload input) {
  const absl::StatusOr<Started> started =
      engine.Start({.workflow = "main", .key = std::move(key), .input = std::move(input)});
  REQUIRE_MESSAGE(started.ok(), started.status().ToString());
  return *started;
}

bool Eventually(const std::function<bool()>& condition) {
  const absl::Time end = absl::Now() + kPatience;
  while (absl::Now() < end) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return false;
}

void LeaveTrace(const std::string& path, std::string_view line) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string text = fmt::format("{}\n", line);
  const ssize_t written = write(fd, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) abort();
  close(fd);
}

std::vector<std::string> Traces(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

pid_t Spawn(const std::function<void()>& child) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    child();
    _exit(0);
  }
  return pid;
}

void KillAndReap(pid_t pid) {
  kill(pid, SIGKILL);
  Reap(pid);
}

int Reap(pid_t pid) {
  int status = 0;
  REQUIRE_EQ(waitpid(pid, &status, 0), pid);
  return status;
}

Workflow Single(Task task) { return {.name = "main", .tasks = {std::move(task)}}; }

Workflow Chain(int tasks, std::string activity) {
  Workflow workflow{.name = "main"};
  for (int i = 0; i < tasks; ++i) {
    Task task{.name = fmt::format("t{}", i), .activity = activity};
    if (i > 0) task.after = {fmt::format("t{}", i - 1)};
    workflow.tasks.push_back(std::move(task));
  }
  return workflow;
}

}  // namespace stet::testing
