// Waits in a live engine: timers, signals, delays and children, across openings.
#include <atomic>
#include <string>
#include <vector>

#include <absl/time/clock.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stet/engine.h"
#include "stet/inspect.h"
#include "stet/reason.h"
#include "tests/engine/fixture.h"

namespace stet::wait_test {
namespace {

using testing::Eventually;
using testing::MustOpen;
using testing::MustStart;
using testing::MustWait;
using testing::TempDirectory;

absl::StatusOr<Payload> Echo(ActivityContext& context) {
  for (const std::string_view task : context.upstream()) return context.output(task);
  return context.input();
}

EngineOptions Options(std::string directory, std::vector<Workflow> workflows) {
  return {.directory = std::move(directory),
          .concurrency = 1,
          .workflows = std::move(workflows),
          .activities = {{"echo", Echo}}};
}

Task EventOf(std::string name, std::string signal, std::vector<std::string> after = {}) {
  return {.name = std::move(name),
          .after = std::move(after),
          .kind = EventTask{.signal = std::move(signal)}};
}

Workflow Sleeping(absl::Duration duration) {
  return {.name = "main",
          .tasks = {{.name = "sleep", .kind = TimerTask{.duration = duration}},
                    {.name = "echo", .activity = "echo", .after = {"sleep"}}}};
}

TaskWait WaitOf(Engine& engine, std::string_view execution) {
  const absl::StatusOr<WhyReport> why = engine.Why(execution);
  REQUIRE_MESSAGE(why.ok(), why.status().ToString());
  REQUIRE_FALSE(why->tasks.empty());
  CHECK_FALSE(why->tasks[0].reason.empty());
  CHECK_FALSE(why->tasks[0].ends.empty());
  return why->tasks[0];
}

TEST_SUITE_BEGIN("engine::wait");

TEST_CASE("a thousand timers take no worker, and fire when they are due") {
  const auto engine = MustOpen(Options("", {Sleeping(absl::Milliseconds(30))}));
  for (int i = 0; i < 1000; ++i) MustStart(*engine, fmt::format("k{}", i));
  for (int i = 0; i < 1000; ++i) {
    const ExecutionReport report = MustWait(*engine, fmt::format("k{}", i));
    CHECK(report.success());
    const TaskRecord& sleep = *report.task("sleep");
    CHECK_GE(*sleep.finished_at - *sleep.started_at, absl::Milliseconds(30));
  }
}

TEST_CASE("what waits goes on waiting in the next process") {
  const TempDirectory directory;
  const Workflow workflow = {
      .name = "main",
      .tasks = {EventOf("wait", "go"), {.name = "echo", .activity = "echo", .after = {"wait"}}}};
  {
    const auto engine = MustOpen(Options(directory.engine(), {workflow}));
    MustStart(*engine, "k");
    CHECK(Eventually([&] { return WaitOf(*engine, "k").kind == WaitKind::kSignal; }));
    CHECK_EQ(WaitOf(*engine, "k").on, std::vector<std::string>{"go"});
    REQUIRE(engine->Snapshot().ok());
  }
  const auto engine = MustOpen(Options(directory.engine(), {workflow}));
  CHECK_EQ(engine->recovery().attempts_lost, 0);
  CHECK(engine->recovery().missing_activities.empty());
  const absl::StatusOr<uint64_t> seq = engine->Signal("k", "go", Payload(R"({"n":7})"));
  REQUIRE_MESSAGE(seq.ok(), seq.status().ToString());
  CHECK_GE(engine->Stats()->released, *seq);
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.output("wait"), R"({"n":7})");
  CHECK_EQ(report.output("echo"), R"({"n":7})");
  CHECK_EQ(report.task("wait")->lost, 0);
}

TEST_CASE(
    "a signal is kept until its task waits, over a snapshot and another process; its id counts "
    "once") {
  const TempDirectory directory;
  const Workflow workflow = {.name = "main",
                             .tasks = {EventOf("first", "a"), EventOf("second", "b", {"first"})}};
  uint64_t first = 0;
  {
    const auto engine = MustOpen(Options(directory.engine(), {workflow}));
    MustStart(*engine, "k");
    first = *engine->Signal("k", "b", Payload("1"), "id");
    CHECK_EQ(*engine->Signal("k", "b", Payload("2"), "id"), first);
    CHECK_EQ(ReasonOf(engine->Signal("k", "", {}).status()), Reason::kInvalidName);
    CHECK_EQ(ReasonOf(engine->Signal("nobody", "b").status()), Reason::kUnknownExecution);
    const auto large = engine->Signal("k", "b", Payload(std::string(2 << 20, 'x')));
    CHECK_EQ(ReasonOf(large.status()), Reason::kTooLarge);
    REQUIRE(engine->Snapshot().ok());
  }
  const auto engine = MustOpen(Options(directory.engine(), {workflow}));
  CHECK_EQ(*engine->Signal("k", "b", Payload("3"), "id"), first);
  REQUIRE(engine->Signal("k", "a").ok());
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK_EQ(report.output("first"), "");
  CHECK_EQ(report.output("second"), "1");
}

TEST_CASE("a process that executes nothing takes signals down for the next one") {
  const TempDirectory directory;
  const Workflow workflow = {.name = "main", .tasks = {EventOf("wait", "go")}};
  MustStart(*MustOpen(Options(directory.engine(), {workflow})), "k");
  {
    EngineOptions looking = Options(directory.engine(), {});
    looking.execute = false;
    REQUIRE(MustOpen(looking)->Signal("k", "go", Payload("9")).ok());
  }
  const auto engine = MustOpen(Options(directory.engine(), {workflow}));
  CHECK_EQ(MustWait(*engine, "k").output("wait"), "9");
}

TEST_CASE("a delayed execution waits for its time, in the next process too") {
  const TempDirectory directory;
  const Workflow workflow = {.name = "main", .tasks = {{.name = "echo", .activity = "echo"}}};
  absl::Time at;
  {
    const auto engine = MustOpen(Options(directory.engine(), {workflow}));
    at = absl::Now() + absl::Milliseconds(300);
    REQUIRE(engine->Start({.workflow = "main", .key = "k", .start_at = at}).ok());
    CHECK_EQ(WaitOf(*engine, "k").kind, WaitKind::kDelay);
    CHECK(engine->Report("k")->starts_at.has_value());
    REQUIRE(
        engine->Start({.workflow = "main", .key = "past", .start_at = at - absl::Hours(1)}).ok());
    CHECK(MustWait(*engine, "past").success());
  }
  const auto engine = MustOpen(Options(directory.engine(), {workflow}));
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_GE(*report.task("echo")->started_at, at - absl::Milliseconds(1));
}

TEST_CASE("a sub-workflow gets a value, and its result is the output of its task") {
  const TempDirectory directory;
  const Workflow child = {.name = "child", .tasks = {{.name = "double", .activity = "echo"}}};
  const Workflow several = {
      .name = "several",
      .tasks = {{.name = "x", .activity = "echo"}, {.name = "y", .activity = "echo"}}};
  const Workflow parent = {
      .name = "main",
      .tasks = {{.name = "call",
                 .kind = SubWorkflowTask{.workflow = "child", .input = {.pointer = "/a"}}},
                {.name = "both",
                 .kind = SubWorkflowTask{.workflow = "several", .input = {.pointer = "/a"}}},
                {.name = "echo", .activity = "echo", .after = {"call"}}}};
  const auto engine = MustOpen(Options(directory.engine(), {parent, child, several}));
  MustStart(*engine, "k", R"({"a":[1,2]})");
  const ExecutionReport report = MustWait(*engine, "k");
  CHECK(report.success());
  CHECK_EQ(report.output("echo"), "[1,2]");
  CHECK_EQ(report.output("both"), R"({"x":[1,2],"y":[1,2]})");
  const auto all = *engine->List();
  REQUIRE_EQ(all.size(), 3);
  CHECK_EQ(all[1].parent, all[0].id);
  MustStart(*engine, "no value", R"({"b":1})");
  const ExecutionReport bad = MustWait(*engine, "no value");
  CHECK_EQ(bad.task("call")->state, TaskState::kDeadLettered);
  CHECK_NE(bad.task("call")->error.find("/a"), std::string::npos);
}

TEST_CASE("a child outlives the process, and is cancelled with its parent") {
  const TempDirectory directory;
  const Workflow child = {.name = "child", .tasks = {EventOf("wait", "go")}};
  const Workflow parent = {
      .name = "main", .tasks = {{.name = "call", .kind = SubWorkflowTask{.workflow = "child"}}}};
  std::string key;
  {
    const auto engine = MustOpen(Options(directory.engine(), {parent, child}));
    MustStart(*engine, "k");
    MustStart(*engine, "cancelled");
    CHECK(Eventually([&] { return engine->List()->size() == 4; }));
    key = WaitOf(*engine, "k").on.at(0);
    CHECK_EQ(WaitOf(*engine, "k").kind, WaitKind::kChild);
    const std::string other = WaitOf(*engine, "cancelled").on.at(0);
    REQUIRE(engine->Cancel("cancelled").ok());
    CHECK_EQ(MustWait(*engine, other).state, ExecutionState::kCancelled);
  }
  const auto engine = MustOpen(Options(directory.engine(), {parent, child}));
  REQUIRE(engine->Signal(key, "go", Payload("5")).ok());
  CHECK_EQ(MustWait(*engine, "k").output("call"), "5");
}

TEST_CASE("a sub-workflow that this process does not know waits for one that does") {
  const TempDirectory directory;
  const Workflow child = {.name = "child", .tasks = {{.name = "t", .activity = "echo"}}};
  const Workflow parent = {
      .name = "main", .tasks = {{.name = "call", .kind = SubWorkflowTask{.workflow = "child"}}}};
  {
    const auto engine = MustOpen(Options(directory.engine(), {parent}));
    MustStart(*engine, "k");
    CHECK(Eventually([&] { return WaitOf(*engine, "k").kind == WaitKind::kMissingWorkflow; }));
  }
  const auto engine = MustOpen(Options(directory.engine(), {parent, child}));
  CHECK(MustWait(*engine, "k").success());
}

TEST_SUITE_END();

}  // namespace
}  // namespace stet::wait_test
