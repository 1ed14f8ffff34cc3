// Processes that die: kill -9 at random moments, and tasks that take their process with them.
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/inspect.h"
#include "tests/engine/fixture.h"

namespace stet::crash_test {
namespace {

using testing::LeaveTrace;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;
using testing::Traces;

constexpr int kExecutions = 20;

uint64_t Seed() {
  const char* seed = getenv("STET_SEED");
  return seed == nullptr ? std::random_device()() : strtoull(seed, nullptr, 10);
}

// Each attempt leaves a trace before it does its work.
EngineOptions Options(const TempDirectory& directory) {
  Workflow workflow = testing::Chain(6, "work");
  for (Task& task : workflow.tasks) task.retry.max_lost = 1000;
  return {.directory = directory.engine(),
          .concurrency = 4,
          .workflows = {workflow},
          .activities = {{"work", [trace = directory.file("trace")](ActivityContext& context) {
                            LeaveTrace(trace, fmt::format("{}/{}", context.execution_key(),
                                                          context.task()));
                            absl::SleepFor(absl::Milliseconds(1));
                            return Payload(std::string(context.task()));
                          }}}};
}

void RunAll(const TempDirectory& directory) {
  const auto engine = Engine::Open(Options(directory));
  if (!engine.ok()) {
    fmt::print(stderr, "{}\n", engine.status().ToString());
    _exit(1);
  }
  for (int i = 0; i < kExecutions; ++i) {
    if (!(*engine)->Start({.workflow = "main", .key = fmt::format("k{}", i)}).ok()) _exit(2);
  }
  for (int i = 0; i < kExecutions; ++i) {
    const auto report = (*engine)->Wait(fmt::format("k{}", i), testing::kPatience);
    if (!report.ok() || !report->success()) _exit(3);
  }
}

TEST_SUITE_BEGIN("crash");

TEST_CASE("killed at random moments, all goes on, and nothing recorded is done again") {
  const uint64_t seed = Seed();
  CAPTURE(seed);
  MESSAGE("STET_SEED=", seed);
  std::mt19937_64 random(seed);
  const TempDirectory directory;
  // Tasks recorded as completed, with the traces that they had left by then.
  std::map<std::string, int> recorded;
  const auto count_traces = [&] {
    std::map<std::string, int> counts;
    for (const std::string& line : Traces(directory.file("trace"))) ++counts[line];
    return counts;
  };
  for (int round = 0; round < 20; ++round) {
    const pid_t child = testing::Spawn([&] { RunAll(directory); });
    absl::SleepFor(absl::Milliseconds(static_cast<int64_t>(random() % 60)));
    testing::KillAndReap(child);
    const auto replayed = Replay({.directory = directory.engine()});
    if (absl::IsNotFound(replayed.status())) continue;
    REQUIRE_MESSAGE(replayed.ok(), replayed.status().ToString());
    std::map<std::string, int> traces = count_traces();
    for (const auto& [name, count] : recorded) CHECK_EQ(traces[name], count);
    for (const ExecutionSummary& summary : replayed->List()) {
      const auto report = replayed->Report(summary.key);
      for (const TaskRecord& task : report->tasks) {
        if (task.state != TaskState::kCompleted) continue;
        const std::string name = fmt::format("{}/{}", summary.key, task.id);
        recorded.emplace(name, traces[name]);
      }
    }
  }
  CHECK_EQ(testing::Reap(testing::Spawn([&] { RunAll(directory); })), 0);
  const auto engine = MustOpen(Options(directory));
  std::map<std::string, int> traces = count_traces();
  for (const auto& [name, count] : recorded) CHECK_EQ(traces[name], count);
  for (int i = 0; i < kExecutions; ++i) {
    const ExecutionReport report = MustWait(*engine, fmt::format("k{}", i));
    CHECK(report.success());
    for (const TaskRecord& task : report.tasks) {
      CAPTURE(task.id);
      // Every attempt but the last was lost; an attempt may be lost before it left a trace.
      CHECK_EQ(task.attempts, task.lost + 1);
      CHECK_LE(traces[fmt::format("{}/{}", report.key, task.id)], task.attempts);
    }
  }
}

TEST_CASE("a task that kills its process is given up after max_lost") {
  const TempDirectory directory;
  const EngineOptions options{
      .directory = directory.engine(),
      .workflows = {{.name = "main",
                     .tasks = {{.name = "poison", .activity = "die", .retry = {.max_lost = 3}},
                               {.name = "after", .activity = "die", .after = {"poison"}},
                               {.name = "innocent", .activity = "sleep"}}}},
      .activities = {{"die",
                      [&](ActivityContext&) -> absl::StatusOr<Payload> {
                        LeaveTrace(directory.file("trace"), "died");
                        raise(SIGKILL);
                        return Payload();
                      }},
                     {"sleep", [](ActivityContext& context) -> absl::StatusOr<Payload> {
                        context.SleepFor(absl::Milliseconds(1));
                        return Payload();
                      }}}};
  int deaths = 0;
  for (int round = 0; round < 10; ++round) {
    const int status = testing::Reap(testing::Spawn([&] {
      const auto engine = Engine::Open(options);
      if (!engine.ok()) _exit(1);
      if (!(*engine)->Start({.workflow = "main", .key = "k"}).ok()) _exit(2);
      _exit((*engine)->Wait("k", testing::kPatience).ok() ? 0 : 3);
    }));
    if (WIFEXITED(status)) {
      CHECK_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++deaths;
  }
  CHECK_EQ(deaths, 3);
  CHECK_EQ(Traces(directory.file("trace")).size(), 3);
  const auto engine = MustOpen(options);
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.state, ExecutionState::kFailed);
  CHECK_EQ(report.task("poison")->state, TaskState::kDeadLettered);
  CHECK_EQ(report.task("poison")->lost, 3);
  CHECK_EQ(report.task("poison")->attempts, 3);
  CHECK_EQ(report.task("after")->state, TaskState::kSkipped);
  CHECK_EQ(report.task("innocent")->state, TaskState::kCompleted);
  CHECK_EQ(engine->DeadLetters()->size(), 1);
}

TEST_CASE("an attempt in flight at the kill is counted as lost, and tried again") {
  const TempDirectory directory;
  const auto options = [&](Activity activity) {
    return EngineOptions{.directory = directory.engine(),
                         .workflows = {testing::Single({.name = "t", .activity = "work"})},
                         .activities = {{"work", std::move(activity)}}};
  };
  const pid_t child = testing::Spawn([&] {
    const auto engine = Engine::Open(options([&](ActivityContext&) {
      LeaveTrace(directory.file("trace"), "began");
      absl::SleepFor(absl::Hours(1));
      return Payload();
    }));
    if (!engine.ok() || !(*engine)->Start({.workflow = "main", .key = "k"}).ok()) _exit(1);
    (void)(*engine)->Wait("k");
  });
  REQUIRE(testing::Eventually([&] { return !Traces(directory.file("trace")).empty(); }));
  testing::KillAndReap(child);
  const auto engine =
      MustOpen(options([](ActivityContext&) { return Payload(std::string("second")); }));
  CHECK_EQ(engine->recovery().attempts_lost, 1);
  CHECK_FALSE(engine->recovery().log.clean);
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.output("t"), "second");
  CHECK_EQ(report.task("t")->lost, 1);
  CHECK_EQ(report.task("t")->attempts, 2);
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::crash_test
